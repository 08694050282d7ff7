"""Every option of NeMo's decoding configs that changes what comes out, on several checkpoints: decoding-sweep.json and its language model.

    python make_decoding_sweep.py ../fixtures [CONFIG…]

Names of configs record those again and leave the others as they are.
Reads archives, clips and language model of the folder (e2e/fixtures, or another set of make_fixtures.py), so run that first. Each config is
merged over the archive's own, afresh every time. What make_decoding_options.py and the case `decoding` record is not recorded again. Needs kenlm.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from make_decoding_options import Config, beams, confidence, shown

LM = "decoding-sweep.arpa"


def part_of(arpa: Path, out: Path) -> None:
    """The language model without every third token, so that some tokens are unknown; the unknown word costs something and backs off."""
    kept: list[str] = []
    counts: dict[int, int] = {}
    order = 0
    for line in arpa.read_text("utf8").split("\n"):
        fields = line.split("\t")
        order = int(line[1]) if line.endswith("-grams:") else order
        symbols = fields[1].split(" ") if len(fields) > 1 else []
        if any(len(symbol) == 1 and ord(symbol) % 3 == 0 for symbol in symbols):
            continue
        if symbols == ["<unk>"]:
            line = "-2.5\t<unk>\t-0.25"
        if symbols:
            counts[order] = counts.get(order, 0) + 1
        kept.append(line)
    text = "\n".join(f"ngram {line[6]}={counts[int(line[6])]}" if line.startswith("ngram ") else line for line in kept)
    out.write_text(text, "utf8")


ALIGNED = {"preserve_alignments": True}
TRANSDUCER: dict[str, Config] = {
    "plain_max1": {"strategy": "greedy", "greedy": {"max_symbols": 1}},
    "plain_max2": {"strategy": "greedy", "greedy": {"max_symbols_per_step": 2}},
    "batch_max1": {"strategy": "greedy_batch", "greedy": {"max_symbols": 1}},
    "plain_conf": {"strategy": "greedy", **ALIGNED, "confidence_cfg": confidence(exclude_blank=True, aggregation="mean")},
    "maes_lm": {"strategy": "maes", "beam": beams(beam_size=3, ngram_lm_model=LM, ngram_lm_alpha=0.3)},
    "greedy_lm": {"strategy": "greedy_batch", "greedy": {"ngram_lm_model": LM, "ngram_lm_alpha": 0.3}},
    "malsd_lm": {"strategy": "malsd_batch", "beam": beams(beam_size=3, ngram_lm_model=LM, ngram_lm_alpha=0.3)},
    "tokens": {"strategy": "greedy_batch", "compute_hypothesis_token_set": True, "tdt_include_token_duration": True, "fused_batch_size": -1},
    "words": {"strategy": "greedy_batch", **ALIGNED, "compute_timestamps": True, "word_seperator": "e", "rnnt_timestamp_type": "word"},
    "segments": {"strategy": "greedy_batch", **ALIGNED, "compute_timestamps": True, "segment_seperators": ["r", "t"], "segment_gap_threshold": 2},
    "segments_gap0": {"strategy": "greedy_batch", **ALIGNED, "compute_timestamps": True, "segment_seperators": [], "segment_gap_threshold": 0},
    "beam_stamps": {"strategy": "beam", "compute_timestamps": True, "beam": {"beam_size": 2, "return_best_hypothesis": True}},
    "malsd_stamps": {"strategy": "malsd_batch", "compute_timestamps": True, "beam": {"beam_size": 2, "return_best_hypothesis": True}},
    "maes_stamps": {"strategy": "maes", "compute_timestamps": True, "beam": {"beam_size": 2, "return_best_hypothesis": True}},
    "beam_conf": {"strategy": "beam", "confidence_cfg": confidence()},
    "malsd_aligned": {"strategy": "malsd_batch", **ALIGNED},
}
RNNT: dict[str, Config] = {
    "frames_conf": {"strategy": "greedy_batch", **ALIGNED, "greedy": {"loop_labels": False}, "confidence_cfg": confidence(exclude_blank=False)},
    "beam1_aligned": {"strategy": "beam", **ALIGNED, "beam": {"beam_size": 1, "return_best_hypothesis": True}},
    "beam_aligned": {"strategy": "beam", **ALIGNED, "beam": {"beam_size": 3, "return_best_hypothesis": True}},
    "maes_aligned": {"strategy": "maes", **ALIGNED, "beam": {"beam_size": 3, "return_best_hypothesis": True}},
    "alsd_aligned": {"strategy": "alsd", **ALIGNED, "beam": {"beam_size": 2, "return_best_hypothesis": True}},
    "tsd_aligned": {"strategy": "tsd", **ALIGNED, "beam": {"beam_size": 2, "tsd_max_sym_exp": 3, "return_best_hypothesis": True}},
}
MULTI_BLANK: dict[str, Config] = {
    "plain": {"strategy": "greedy", **ALIGNED},
    "plain_max1": {"strategy": "greedy", "greedy": {"max_symbols": 1}},
    "batch": {"strategy": "greedy_batch", "greedy": {"max_symbols": 2}},
}
CTC: dict[str, Config] = {
    "temperature": {"strategy": "greedy_batch", **ALIGNED, "temperature": 1.8, "confidence_cfg": confidence(preserve_word_confidence=False)},
    "plain": {"strategy": "greedy", **ALIGNED, "batch_dim_index": 0, "confidence_cfg": confidence(exclude_blank=False, aggregation="prod")},
    "words": {"strategy": "greedy_batch", "compute_timestamps": True, "word_seperator": "e", "ctc_timestamp_type": "word"},
    "beam_stamps": {"strategy": "beam_batch", "compute_timestamps": True},
}
CASES = {
    "fastconformer-rnnt-bpe": {**TRANSDUCER, **RNNT},
    "fastconformer-tdt-bpe": TRANSDUCER,
    "multiblank-rnnt-bpe": MULTI_BLANK,
    "fastconformer-ctc-bpe": CTC,
}


def stamps(timestamp: Any) -> Any:
    rows = {kind: [{key: value for key, value in entry.items() if key.endswith("offset") or key == kind} for entry in timestamp[kind]] for kind in ("word", "segment") if kind in timestamp}
    return {kind: [[entry[kind], int(entry["start_offset"]), int(entry["end_offset"])] for entry in entries] for kind, entries in rows.items()}


def reading(h: Any, is_ctc: bool) -> Any:
    if isinstance(h, list):
        return [reading(item, is_ctc) for item in h[:3]]
    out: Config = {"text": h.text, "score": shown(float(h.score))}
    if not is_ctc:
        out["y_sequence"] = [int(token) for token in h.y_sequence]
    if isinstance(h.timestamp, dict):
        out["stamps"] = stamps(h.timestamp)
    elif h.timestamp is not None:
        out["timestamp"] = [int(frame) for frame in h.timestamp]
    if getattr(h, "tokens", None) is not None:
        out["tokens"] = list(h.tokens)
    if h.token_duration is not None and len(h.token_duration):
        out["token_duration"] = [int(frames) for frames in h.token_duration]
    for key in ("token_confidence", "word_confidence", "frame_confidence"):
        value = getattr(h, key, None)
        if value is not None and len(value):
            out[key] = shown(value)
    if h.alignments is not None and not is_ctc:
        out["alignment_labels"] = [[int(label) for _, label in frame] for frame in h.alignments]
    return out


def keys_of(config: Any, path: str = "") -> list[str]:
    """Every key of a decoding config as NeMo's dataclasses declare it, sections with dots."""
    found: list[str] = []
    for key, value in config.items():
        inner = keys_of(value, f"{path}{key}.") if hasattr(value, "items") and len(value) else []
        found += inner or [f"{path}{key}"]
    return found


def write_keys(out: Path) -> None:
    from nemo.collections.asr.parts.submodules.ctc_decoding import CTCDecodingConfig
    from nemo.collections.asr.parts.submodules.multitask_decoding import MultiTaskDecodingConfig
    from nemo.collections.asr.parts.submodules.rnnt_decoding import RNNTDecodingConfig
    from omegaconf import OmegaConf

    heads = {"ctc": CTCDecodingConfig, "transducer": RNNTDecodingConfig, "aed": MultiTaskDecodingConfig}
    rows = {head: keys_of(OmegaConf.structured(config())) for head, config in heads.items()}
    out.write_text(json.dumps(rows, indent=1) + "\n", "utf8")


def main(fixtures: Path, only: list[str]) -> None:
    import nemo.collections.asr as nemo_asr
    from omegaconf import OmegaConf

    write_keys(fixtures / "decoding-keys.json")
    part_of(fixtures / "families" / "decoding" / "tokens-rnnt.arpa", fixtures / LM)
    out = fixtures / "decoding-sweep.json"
    before: Config = json.loads(out.read_text("utf8")) if only else {}
    results: Config = {}
    for name, configs in CASES.items():
        folder = fixtures / "families" / name
        model = nemo_asr.models.ASRModel.restore_from(str(folder / "model.nemo"), map_location="cpu").eval()
        clips = [entry["file"] for entry in json.loads((folder / "expected.json").read_text("utf8"))["inputs"][:2]]
        own = OmegaConf.to_container(model.cfg.decoding, resolve=True)
        for key, config in configs.items():
            if only and key not in only:
                results[f"{name} {key}"] = before[f"{name} {key}"]
                continue
            opened = json.loads(json.dumps(config).replace(LM, str(fixtures / LM)))
            try:
                with open(os.devnull, "w") as sink, contextlib.redirect_stderr(sink), contextlib.redirect_stdout(sink):
                    model.change_decoding_strategy(OmegaConf.merge(own, {"compute_timestamps": False}, opened), verbose=False)
                    found = [model.transcribe([str((folder / clip).resolve())], return_hypotheses=True)[0] for clip in clips]
                answer: Config = {"hypotheses": [reading(h, "ctc" in name) for h in found]}
            except Exception as error:  # noqa: BLE001
                answer = {"raises": f"{type(error).__name__}: {str(error)[:80]}"}
            results[f"{name} {key}"] = {"config": config, **answer}
            print(name, key, answer.get("raises", ""), flush=True)
    out.write_text("{\n" + ",\n".join(
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}" for key, value in results.items()) + "\n}\n", "utf8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
