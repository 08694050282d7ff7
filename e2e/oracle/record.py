"""Collects what NeMo answers: small things as JSON, arrays as .npz, refusals as `{raises, message}`."""
from __future__ import annotations

import contextlib
import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig, OmegaConf

from environment import Config


class Record:
    """Collects a case: small things to expected.json, arrays to expected.npz."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.json: Config = {}
        self.arrays: dict[str, np.ndarray] = {}

    def array(self, name: str, value: Any) -> str:
        data = value.detach().cpu().numpy() if torch.is_tensor(value) else np.asarray(value)
        if data.dtype == np.float64:
            data = data.astype(np.float32)
        self.arrays[name] = np.ascontiguousarray(data)  # readers of .npy need not know Fortran order
        return name

    def alignment(self, name: str, scores: torch.Tensor, out: Config) -> None:
        """Alignment scores are stored only where they are not the log-softmax of the recorded joint logits."""
        logits = self.arrays.get(f"single.{name.rsplit('.', 1)[1]}.joint_logits")
        if logits is not None and logits.shape == scores.shape:
            out["alignment_logprobs"] = "log_softmax of the whole row of joint_logits"
            out["alignment_logprobs_max_difference"] = float((torch.from_numpy(logits).log_softmax(-1) - scores).abs().max())
        else:
            self.array(f"{name}.alignment_logprobs", scores)

    def write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "expected.json").write_text(compact_json(self.json), "utf8")
        if self.arrays:
            np.savez_compressed(self.folder / "expected.npz", **self.arrays)


def compact_json(value: Any) -> str:
    """Indented JSON whose innermost lists and objects stay on one line."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=1)
    for _ in range(2):
        text = re.sub(r"([\[{])\n\s*([^\[\]{}]*?)\n\s*([\]}])",
                      lambda m: m[1] + re.sub(r"\n\s*", " ", m[2]) + m[3], text)
    return text + "\n"


def plain(value: Any) -> Any:
    """JSON form of anything NeMo returns."""
    if torch.is_tensor(value):
        return plain(value.detach().cpu().tolist())
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (np.integer, np.floating)):
        return plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else str(value)  # 9 digits keep every bit of a float32
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, (DictConfig,)) or OmegaConf.is_config(value):
        return plain(OmegaConf.to_container(value))
    if value is None or isinstance(value, (str, int, bool)):
        return value
    if is_dataclass(value):
        return plain(asdict(value))
    return str(value)


def hypothesis(h: Any, record: Record | None = None, name: str = "") -> Any:
    """A NeMo Hypothesis as JSON; alignments go to the arrays."""
    if isinstance(h, str):
        return {"text": h}
    if isinstance(h, (list, tuple)):
        if len(h) > 8:
            return {"n_best_count": len(h), "first_8": hypothesis(list(h)[:8], record, name)}
        return [hypothesis(item, record, f"{name}.{i}") for i, item in enumerate(h)]
    if hasattr(h, "n_best_hypotheses"):
        return hypothesis(list(h.n_best_hypotheses), record, name)
    out: Config = {"text": h.text, "score": plain(h.score), "length": plain(h.length)}
    if torch.is_tensor(h.y_sequence) and h.y_sequence.dim() == 2:
        out["y_sequence_is_log_probs_of_shape"] = list(h.y_sequence.shape)  # what transcribe() puts there for CTC
    else:
        out["y_sequence"] = plain(h.y_sequence)
    for key in ("timestamp", "token_duration", "tokens", "token_confidence", "word_confidence", "frame_confidence",
                "langs", "langs_chars", "last_frame"):
        value = getattr(h, key, None)
        if value is not None and (not hasattr(value, "__len__") or len(value)):
            out[key] = plain(value)
    alignments = getattr(h, "alignments", None)
    if alignments is not None and record is not None:
        if torch.is_tensor(alignments):
            out["alignments_is_log_probs_of_shape"] = list(alignments.shape)
        elif isinstance(alignments, tuple) and torch.is_tensor(alignments[0]):
            out["alignment_logprobs_shape"] = list(alignments[0].shape)
            out["alignment_labels"] = plain(alignments[1])
        else:
            out["alignment_labels"] = [[plain(label) for _, label in frame] for frame in alignments]
            flat = [logits for frame in alignments for logits, _ in frame]
            if flat:
                record.alignment(name, torch.stack([v.reshape(-1) for v in flat]), out)
    return out


def silence() -> contextlib.AbstractContextManager[Any]:
    stack = contextlib.ExitStack()
    sink = stack.enter_context(open(os.devnull, "w"))
    stack.enter_context(contextlib.redirect_stdout(sink))
    stack.enter_context(contextlib.redirect_stderr(sink))
    return stack


def attempt(action: Callable[[], Any]) -> Any:
    """What NeMo returns, or how it refuses."""
    try:
        return action()
    except Exception as error:  # noqa: BLE001 - the refusal itself is the fixture
        return {"raises": type(error).__name__, "message": str(error).splitlines()[0][:300] if str(error) else ""}


def margin(logits: torch.Tensor) -> float:
    if logits.shape[0] == 0:
        return math.inf
    best = logits.float().topk(2, dim=-1).values
    return float((best[..., 0] - best[..., 1]).min())
