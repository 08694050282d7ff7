"""What NeMo answers under many decoding configs of two transducers: e2e/fixtures/decoding-options.json.

    python make_decoding_options.py ../fixtures

Reads the archives, clips and language model of e2e/fixtures, so run make_fixtures.py first. Each config is merged over the archive's own,
afresh every time. Lists are cut to their first four readings.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

Config = dict[str, Any]
LM = "tokens-rnnt.arpa"
TREE = {"key_phrases_list": ["forty two", "listeners", "river run"], "context_score": 2.0}


def beams(**options: Any) -> Config:
    return {"return_best_hypothesis": False, **options}


def confidence(**options: Any) -> Config:
    return {"preserve_frame_confidence": True, "preserve_token_confidence": True, "preserve_word_confidence": True, **options}


BOTH: dict[str, Config] = {
    "beam2": {"strategy": "beam", "beam": beams(beam_size=2)},
    "beam1": {"strategy": "beam", "beam": beams(beam_size=1)},
    "beam6_nonorm": {"strategy": "beam", "beam": beams(beam_size=6, score_norm=False, softmax_temperature=1.4)},
    "maes_1": {"strategy": "maes", "beam": beams(beam_size=1)},
    "maes_6": {"strategy": "maes", "beam": beams(beam_size=6, maes_num_steps=3, maes_expansion_gamma=8.0, maes_expansion_beta=3)},
    "maes_alpha2": {"strategy": "maes", "beam": beams(beam_size=5, maes_num_steps=3, maes_prefix_alpha=3, maes_expansion_gamma=20.0, softmax_temperature=2.0)},
    "malsd_1": {"strategy": "malsd_batch", "beam": beams(beam_size=1)},
    "malsd_8": {"strategy": "malsd_batch", "beam": beams(beam_size=8, max_symbols=2)},
    "malsd_8n": {"strategy": "malsd_batch", "beam": beams(beam_size=8, max_symbols=None, score_norm=False)},
    "best_only": {"strategy": "malsd_batch", "beam": {"beam_size": 4, "return_best_hypothesis": True}},
    "temp": {"strategy": "greedy_batch", "temperature": 1.7},
    "temp_malsd": {"strategy": "malsd_batch", "temperature": 3.0, "beam": beams(beam_size=4)},
    "conf_blank": {"strategy": "greedy_batch", "preserve_alignments": True, "confidence_cfg": confidence(exclude_blank=False, aggregation="mean")},
    "conf_prod": {"strategy": "greedy_batch", "preserve_alignments": True, "confidence_cfg": confidence(
        exclude_blank=False, aggregation="prod", method_cfg={"name": "entropy", "entropy_type": "renyi", "alpha": 0.5, "entropy_norm": "lin"})},
    "conf_nobl": {"strategy": "greedy_batch", "confidence_cfg": confidence(aggregation="max", method_cfg={"name": "max_prob", "alpha": 0.8})},
    "conf_dur": {"strategy": "greedy_batch", "preserve_alignments": True, "confidence_cfg": confidence(exclude_blank=False, tdt_include_duration=True)},
    "conf_dur2": {"strategy": "greedy_batch", "preserve_alignments": True, "confidence_cfg": confidence(tdt_include_duration=True, aggregation="mean")},
    "max2": {"strategy": "greedy_batch", "greedy": {"max_symbols": 2}},
    "g_boost": {"strategy": "greedy_batch", "greedy": {"boosting_tree": TREE, "boosting_tree_alpha": 1.5}},
    "g_uniform": {"strategy": "greedy_batch", "greedy": {"boosting_tree": {**TREE, "uniform_weights": True}, "boosting_tree_alpha": 1.0}},
}
RNNT: dict[str, Config] = {
    "conf_plain": {"strategy": "greedy", "preserve_alignments": True, "confidence_cfg": confidence(exclude_blank=False)},
    "max_plain2": {"strategy": "greedy", "greedy": {"max_symbols": 2}},
    "maesb_6": {"strategy": "maes_batch", "beam": beams(beam_size=6, maes_num_steps=3, maes_expansion_gamma=8.0, maes_expansion_beta=3)},
    "maesb_1": {"strategy": "maes_batch", "beam": beams(beam_size=1)},
    "maesb_20": {"strategy": "maes_batch", "beam": beams(beam_size=5, maes_num_steps=4, maes_expansion_gamma=20.0)},
    "alsd_1": {"strategy": "alsd", "beam": beams(beam_size=1)},
    "alsd_8": {"strategy": "alsd", "beam": beams(beam_size=8, alsd_max_target_len=1.2)},
    "tsd_3": {"strategy": "tsd", "beam": beams(beam_size=6, tsd_max_sym_exp=3)},
    "g_lm": {"strategy": "greedy_batch", "greedy": {"ngram_lm_model": LM, "ngram_lm_alpha": 0.6}},
    "g_both": {"strategy": "greedy_batch", "greedy": {"ngram_lm_model": LM, "ngram_lm_alpha": 0.2, "boosting_tree": {
        **TREE, "score_per_phrase": 3.0, "unk_score": -0.1}, "boosting_tree_alpha": 0.5}},
}
FUSED = {"boosting_tree": TREE, "boosting_tree_alpha": 0.3}
for pruning in ("early", "late"):
    for blank in ("no_score", "lm_weighted_full"):
        modes = {"pruning_mode": pruning, "blank_lm_score_mode": blank}
        lm = {"ngram_lm_model": LM, "ngram_lm_alpha": 0.4}
        BOTH[f"m_{pruning}_{blank}"] = {"strategy": "malsd_batch", "beam": beams(beam_size=5, **FUSED, **modes)}
        RNNT[f"m_{pruning}_{blank}"] = {"strategy": "malsd_batch", "beam": beams(beam_size=5, **lm, **FUSED, **modes)}
        if pruning == "late" or blank == "no_score":
            RNNT[f"e_{pruning}_{blank}"] = {"strategy": "maes_batch", "beam": beams(beam_size=4, **lm, **modes)}

CASES = {"fastconformer-rnnt-bpe": {**BOTH, **RNNT}, "fastconformer-tdt-bpe": BOTH}
CLIPS = ("morning", "forty", "river")


def shown(value: Any) -> Any:
    """Numbers with seven digits, tensors as lists."""
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    return shown(value.tolist()) if hasattr(value, "tolist") else value


def reading(h: Any) -> Any:
    if isinstance(h, list):
        return {"count": len(h), "first": [reading(item) for item in h[:4]]}
    out = {"text": h.text, "score": shown(float(h.score)), "y_sequence": [int(token) for token in h.y_sequence]}
    if h.timestamp is not None and not isinstance(h.timestamp, dict):
        out["timestamp"] = [int(frame) for frame in h.timestamp]
    for key in ("token_confidence", "word_confidence", "frame_confidence"):
        value = getattr(h, key, None)
        if value is not None and len(value):
            out[key] = shown(value)
    if h.alignments is not None:
        out["alignment_labels"] = [[int(label) for _, label in frame] for frame in h.alignments]
    return out


def main(fixtures: Path) -> None:
    import nemo.collections.asr as nemo_asr
    from omegaconf import OmegaConf

    results: Config = {}
    for name, configs in CASES.items():
        model = nemo_asr.models.ASRModel.restore_from(str(fixtures / "families" / name / "model.nemo"), map_location="cpu").eval()
        own = OmegaConf.to_container(model.cfg.decoding, resolve=True)
        for key, config in configs.items():
            opened = json.loads(json.dumps(config).replace(LM, str(fixtures / "families" / "decoding" / LM)))
            with open(os.devnull, "w") as sink, contextlib.redirect_stderr(sink), contextlib.redirect_stdout(sink):
                model.change_decoding_strategy(OmegaConf.merge(own, {"compute_timestamps": False}, opened), verbose=False)
                found = [model.transcribe([str(fixtures / "audio" / f"{clip}.wav")], return_hypotheses=True)[0] for clip in CLIPS]
            results[f"{name} {key}"] = {"config": config, "hypotheses": [reading(h) for h in found]}
    (fixtures / "decoding-options.json").write_text("{\n" + ",\n".join(
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}" for key, value in results.items()) + "\n}\n", "utf8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
