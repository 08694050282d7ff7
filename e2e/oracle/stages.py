"""Features, encoder output and head outputs of a model, one by one and as one zero-padded batch."""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from cases import Context
from clips import pad_batch
from environment import Config
from record import margin, plain
from training import features_of, quiet_frontend, raw_joint, transducer_durations


def encode_audio(model: Any, waves: Sequence[np.ndarray]) -> tuple[torch.Tensor, ...]:
    model.eval()
    features, feature_len = features_of(model, waves)
    with torch.no_grad():
        encoded, encoded_len = model.encoder(audio_signal=features, length=feature_len)
    return features, feature_len, encoded, encoded_len


def dump_stages(ctx: Context, model: Any, heads: dict[str, torch.nn.Module] | None = None,
                decisions: bool = False, encode: Callable[..., tuple[torch.Tensor, ...]] = encode_audio) -> None:
    """Features, encoder output and head outputs, one by one and as one batch."""
    waves = [clip.samples() for clip in ctx.inputs]
    record = ctx.record
    stages: Config = {"single": [], "batch": {}}
    margins: list[float] = []
    single_features: list[torch.Tensor] = []
    for i, wave in enumerate(waves):
        features, feature_len, encoded, encoded_len = encode(model, [wave])
        key = f"single.{i}"
        single_features.append(features[0])
        entry = {"features_shape": list(features.shape), "features_length": int(feature_len[0]),
                 "encoded_shape": list(encoded.shape), "encoded_length": int(encoded_len[0])}
        record.array(f"{key}.features", features[0])
        record.array(f"{key}.encoded", encoded[0])
        for name, head in (heads or {}).items():
            with torch.no_grad():
                scores = head(encoder_output=encoded)
            record.array(f"{key}.{name}", scores[0])
            margins.append(margin(scores[0, : int(encoded_len[0])]))
        if decisions:
            steps = transducer_decisions(model, encoded[0, :, : int(encoded_len[0])])
            entry["decisions"] = steps["decisions"]
            record.array(f"{key}.joint_logits", steps["logits"])
            margins.append(steps["margin"])
        with quiet_frontend(model, None), torch.no_grad():
            signal, lengths = pad_batch([wave])
            padded, _ = model.preprocessor(input_signal=signal, length=lengths)
        entry["features_shape_with_config_pad_to"] = list(padded.shape)
        stages["single"].append(entry)
    features, feature_len, encoded, encoded_len = encode(model, waves)
    worst = max(float((features[i, :, : single.shape[1]] - single)[:, : int(feature_len[i])].abs().max())
                for i, single in enumerate(single_features))
    stages["batch"] = {"features_shape": list(features.shape), "features_length": plain(feature_len),
                       "encoded_shape": list(encoded.shape), "encoded_length": plain(encoded_len),
                       "features_max_difference_from_single": worst}
    record.array("batch.encoded", encoded)
    for name, head in (heads or {}).items():
        with torch.no_grad():
            record.array(f"batch.{name}", head(encoder_output=encoded))
    record.json["stages"] = stages
    record.json["smallest_margin"] = min(margins) if margins else None


def transducer_decisions(model: Any, encoded: torch.Tensor, max_symbols: int = 10) -> Config:
    """A plain greedy RNNT/TDT/multi-blank loop, one joint call at a time; encoded [D,T]."""
    durations = transducer_durations(model)
    big_blanks = list(model.cfg.decoding.get("big_blank_durations") or [])
    blank = model.decoder.blank_idx + len(big_blanks)
    log: list[list[int]] = []
    logits_log: list[torch.Tensor] = []
    least = math.inf
    with torch.no_grad():
        state = None
        predicted, state = model.decoder.predict(None, state, add_sos=False, batch_size=1)
        t, symbols, total = 0, 0, encoded.shape[1]
        while t < total:
            logits = raw_joint(model, encoded[None, :, t : t + 1], predicted.transpose(1, 2))[0, 0, 0]
            tokens = logits[: len(logits) - len(durations)] if durations else logits
            token = int(tokens.argmax())
            least = min(least, margin(tokens[None]))
            duration = 0
            if durations:
                spans = logits[-len(durations) :]
                least = min(least, margin(spans[None]))
                duration = durations[int(spans.argmax())]
            is_blank = token >= blank - len(big_blanks) if big_blanks else token == blank
            log.append([t, token, duration])
            logits_log.append(logits)
            if is_blank:
                if big_blanks and token < blank:
                    duration = big_blanks[blank - 1 - token]
                t, symbols = t + max(duration, 1), 0
                continue
            predicted, state = model.decoder.predict(torch.tensor([[token]]), state, add_sos=False, batch_size=1)
            symbols = symbols + 1 if (duration == 0 or not durations) else 0
            t += duration
            if symbols >= max_symbols:
                t, symbols = t + 1, 0
    return {"decisions": log, "logits": torch.stack(logits_log), "margin": least}
