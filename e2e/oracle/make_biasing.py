"""Recordings of one call with boosted phrases of their own (`enable_per_stream_biasing`): e2e/fixtures/biasing.json.

    python make_biasing.py ../fixtures

Reads archives and clips of e2e/fixtures, so run make_fixtures.py first. A request reaches NeMo's `transcribe` in `Hypothesis.biasing_cfg` of
`partial_hypothesis`. `whole`: all clips in one batch. `pieces`: each in two pieces, the second with the hypotheses of the first.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from make_decoding_options import CLIPS, TREE, Config, shown

CUT = 21000  # samples of the first piece
ONE = {"boosting_model_cfg": {"key_phrases_list": ["forty three", "number fifty"], "context_score": 3.0}, "boosting_model_alpha": 1.5}
OTHER = {"boosting_model_cfg": {"key_phrases_list": ["the rivers was gold", "a cold spoon"], "context_score": 2.0, "depth_scaling": 1.0}, "boosting_model_alpha": 2.0}
PLAIN = {"boosting_model_cfg": {"key_phrases_list": ["good moaning to you"]}}
ON = {"strategy": "greedy_batch", "greedy": {"enable_per_stream_biasing": True}}
CASES: dict[str, tuple[Config, list[Config | None]]] = {
    "each": (ON, [PLAIN, ONE, OTHER]),
    "one": (ON, [None, ONE, None]),
    "same": (ON, [OTHER, OTHER, OTHER]),
    "nobody": (ON, [None, None, None]),
    "all_and_one": ({"strategy": "greedy_batch", "greedy": {"enable_per_stream_biasing": True, "boosting_tree": TREE, "boosting_tree_alpha": 0.5}}, [None, ONE, OTHER]),
    "not_enabled": ({"strategy": "greedy_batch"}, [PLAIN, ONE, OTHER]),
    "greedy": ({"strategy": "greedy", "greedy": {"enable_per_stream_biasing": True}}, [PLAIN, ONE, OTHER]),
    "frames": ({"strategy": "greedy_batch", "greedy": {"enable_per_stream_biasing": True, "loop_labels": False}}, [PLAIN, ONE, OTHER]),
}
MODELS = {"fastconformer-rnnt-bpe": list(CASES), "fastconformer-tdt-bpe": ["each", "all_and_one"]}


def reading(h: Any) -> Config:
    return {"text": h.text, "score": shown(float(h.score)), "y_sequence": [int(token) for token in h.y_sequence], "timestamp": [int(frame) for frame in h.timestamp]}


def main(fixtures: Path) -> None:
    import nemo.collections.asr as nemo_asr
    import soundfile
    from nemo.collections.asr.parts.context_biasing.biasing_multi_model import BiasingRequestItemConfig
    from nemo.collections.asr.parts.utils.rnnt_utils import Hypothesis
    from omegaconf import OmegaConf

    clips = [soundfile.read(fixtures / "audio" / f"{name}.wav", dtype="float32")[0] for name in CLIPS]
    results: Config = {}
    for name, keys in MODELS.items():
        model = nemo_asr.models.ASRModel.restore_from(str(fixtures / "families" / name / "model.nemo"), map_location="cpu").eval()
        own = OmegaConf.to_container(model.cfg.decoding, resolve=True)
        for key in keys:
            config, requests = CASES[key]

            def fresh() -> list[Any]:
                return [request and Hypothesis.empty_with_biasing_cfg(BiasingRequestItemConfig(**request)) for request in requests]

            answer: Config = {}
            try:
                with open(os.devnull, "w") as sink, contextlib.redirect_stderr(sink), contextlib.redirect_stdout(sink):
                    model.change_decoding_strategy(OmegaConf.merge(own, {"compute_timestamps": False}, config), verbose=False)
                    answer["whole"] = [reading(h) for h in model.transcribe(clips, batch_size=3, return_hypotheses=True, partial_hypothesis=fresh())]
                    if key in ("each", "all_and_one"):
                        partial = model.transcribe([clip[:CUT] for clip in clips], batch_size=3, return_hypotheses=True, partial_hypothesis=fresh())
                        answer["pieces"] = [reading(h) for h in model.transcribe([clip[CUT:] for clip in clips], batch_size=3, return_hypotheses=True, partial_hypothesis=partial)]
            except Exception as error:  # noqa: BLE001
                answer = {"raises": f"{type(error).__name__}: {str(error)[:80]}"}
            results[f"{name} {key}"] = {"config": config, "requests": requests, **answer}
            print(name, key, answer.get("raises", ""), flush=True)
    rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}" for key, value in results.items())
    (fixtures / "biasing.json").write_text(f'{{"cut": {CUT}, "clips": {json.dumps(CLIPS)}, "results": {{\n{rows}\n}}}}\n', "utf8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
