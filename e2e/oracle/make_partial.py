"""Transducers decoded piece by piece with NeMo's `partial_hypothesis`: e2e/fixtures/partial-hypothesis.json.

    python make_partial.py ../fixtures

Reads the archives, clips and language model of e2e/fixtures, so run make_fixtures.py first. Every clip is cut into pieces of samples; each
piece is transcribed with the hypotheses of the pieces before it. (NeMo's stateless prediction network cannot: it stumbles over its own state.)
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from make_decoding_options import LM, TREE, Config, confidence, shown

CUTS = {"river": [0, 21000, 40000, None], "morning": [0, 17000, 35000, None]}
CONFIGS: dict[str, Config] = {
    "greedy_batch": {"strategy": "greedy_batch"},
    "greedy": {"strategy": "greedy"},
    "confidence": {"strategy": "greedy_batch", "preserve_alignments": True, "confidence_cfg": confidence(
        exclude_blank=False, aggregation="mean", preserve_word_confidence=False)},
    "fused": {"strategy": "greedy_batch", "greedy": {"ngram_lm_model": LM, "ngram_lm_alpha": 0.3, "boosting_tree": TREE, "boosting_tree_alpha": 0.4}},
}
MODELS = {
    "fastconformer-rnnt-bpe": list(CONFIGS),
    "fastconformer-tdt-bpe": ["greedy_batch", "greedy", "confidence"],
    "contextnet-rnnt-bpe": ["greedy_batch", "greedy", "confidence"],
    "conformer-rnnt-char": ["greedy_batch", "confidence"],
}


def reading(h: Any) -> Config:
    out = {"text": h.text, "score": shown(float(h.score)), "length": int(h.length)}
    out |= {"y_sequence": [int(token) for token in h.y_sequence], "timestamp": [int(frame) for frame in h.timestamp]}
    for key in ("token_confidence", "frame_confidence"):
        if getattr(h, key, None) is not None:
            out[key] = shown(getattr(h, key))
    if h.alignments is not None:
        out["alignment_labels"] = [[int(label) for _, label in frame] for frame in h.alignments]
    return out


def main(fixtures: Path) -> None:
    import nemo.collections.asr as nemo_asr
    import soundfile
    from omegaconf import OmegaConf

    clips = {name: soundfile.read(fixtures / "audio" / f"{name}.wav", dtype="float32")[0] for name in CUTS}
    results: Config = {}
    for name, keys in MODELS.items():
        model = nemo_asr.models.ASRModel.restore_from(str(fixtures / "families" / name / "model.nemo"), map_location="cpu").eval()
        own = OmegaConf.to_container(model.cfg.decoding, resolve=True)
        for key in keys:
            opened = json.loads(json.dumps(CONFIGS[key]).replace(LM, str(fixtures / "families" / "decoding" / LM)))
            pieces, partial = [], None
            with open(os.devnull, "w") as sink, contextlib.redirect_stderr(sink), contextlib.redirect_stdout(sink):
                model.change_decoding_strategy(OmegaConf.merge(own, {"compute_timestamps": False}, opened), verbose=False)
                for piece in range(3):
                    audio = [clip[CUTS[clip_name][piece] : CUTS[clip_name][piece + 1]] for clip_name, clip in clips.items()]
                    partial = model.transcribe(audio, return_hypotheses=True, partial_hypothesis=partial)
                    pieces.append([reading(h) for h in partial])
            results[f"{name} {key}"] = {"config": CONFIGS[key], "pieces": pieces}
    rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}" for key, value in results.items())
    cuts = json.dumps({name: [cut for cut in row if cut is not None] for name, row in CUTS.items()})
    (fixtures / "partial-hypothesis.json").write_text(f'{{"cuts": {cuts}, "results": {{\n{rows}\n}}}}\n', "utf8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
