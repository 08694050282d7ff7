"""Beams and boosted phrases that are carried from chunk to chunk (`left|chunk|right`): e2e/fixtures/streaming-beams.json.

    python make_streaming_beams.py ../fixtures

Reads the case `long-form` of e2e/fixtures, so run make_fixtures.py first. As speech_to_text_streaming_infer_rnnt.py of NeMo 3.0.0 does with
`decoding.strategy=malsd_batch`, and with `use_per_stream_biasing=true`: every step encodes its surroundings afresh, the decoder goes on.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import soundfile  # noqa: E402
import torch  # noqa: E402
from buffered_chunks import encoded_chunks  # noqa: E402
from make_decoding_options import TREE, Config, shown  # noqa: E402
from omegaconf import OmegaConf  # noqa: E402

SECONDS = 12
BIASING = {"boosting_model_cfg": {"key_phrases_list": ["number fifty", "forty three"], "context_score": 3.0}, "boosting_model_alpha": 1.5}
CASES: dict[str, tuple[Config, Config | None, tuple[float, float, float]]] = {
    "beam4": ({"strategy": "malsd_batch", "beam": {"beam_size": 4}}, None, (4.0, 2.0, 1.0)),
    "beam2_short": ({"strategy": "malsd_batch", "beam": {"beam_size": 2, "max_symbols": 3, "score_norm": False}}, None, (2.0, 0.64, 0.4)),
    "beam4_boosted": ({"strategy": "malsd_batch", "beam": {"beam_size": 4, "boosting_tree": TREE, "boosting_tree_alpha": 0.5}}, None, (4.0, 2.0, 1.0)),
    "biased": ({"strategy": "greedy_batch", "greedy": {"enable_per_stream_biasing": True}}, BIASING, (4.0, 2.0, 1.0)),
}


def stream(model: Any, own: Any, wave: Any, config: Config, biasing: Config | None, seconds: tuple[float, float, float]) -> Config:
    from nemo.collections.asr.parts.context_biasing.biasing_multi_model import BiasingRequestItemConfig
    from nemo.collections.asr.parts.utils.batched_beam_decoding_utils import BatchedBeamHyps
    from nemo.collections.asr.parts.utils.rnnt_utils import batched_hyps_to_hypotheses

    model.change_decoding_strategy(OmegaConf.merge(own, {"compute_timestamps": False, "preserve_alignments": False}, config), verbose=False)
    computer = model.decoding.decoding.decoding_computer
    ids = None
    if biasing:
        request = BiasingRequestItemConfig(**biasing)
        request.add_to_multi_model(tokenizer=model.tokenizer, biasing_multi_model=computer.biasing_multi_model)
        ids = torch.tensor([request.multi_model_id])
    state, hyps = None, None
    biased = {"multi_biasing_ids": ids} if ids is not None else {}
    with torch.inference_mode():
        for encoded, out_len, _ in encoded_chunks(model, wave, seconds):
            piece, state = computer(x=encoded, out_len=out_len, prev_batched_state=state, **biased)
            is_beam = isinstance(piece, BatchedBeamHyps)
            roots = piece.flatten_() if is_beam else None  # which beam of the chunk before each one comes from
            if hyps is None:
                hyps = piece
            else:
                hyps.merge_(piece, **({"is_chunk_continuation": True, "boundary_prev_ptr": roots} if is_beam else {}))
        if is_beam:
            best = hyps.to_hyps_list(score_norm=model.decoding.decoding.score_norm)[0]
        else:
            best = batched_hyps_to_hypotheses(hyps, batch_size=1)[0]
    tokens = [int(token) for token in best.y_sequence]
    return {"text": model.tokenizer.ids_to_text(tokens), "ids": tokens, "timestamp": [int(frame) for frame in best.timestamp], "score": shown(float(best.score))}


def main(fixtures: Path) -> None:
    import nemo.collections.asr as nemo_asr

    folder = fixtures / "families" / "long-form"
    wave = soundfile.read(folder / "long.wav", dtype="float32")[0][: SECONDS * 16000]
    results: Config = {}
    for family in ("rnnt", "tdt"):
        model = nemo_asr.models.ASRModel.restore_from(str(folder / f"{family}.nemo"), map_location="cpu").eval()
        own = OmegaConf.to_container(model.cfg.decoding, resolve=True)  # every change of the strategy is written into the model's config
        for key, (config, biasing, seconds) in CASES.items():
            answer = stream(model, own, wave, config, biasing, seconds)
            results[f"{family} {key}"] = {"config": config, "biasing": biasing, "left_chunk_right_seconds": seconds, **answer}
            print(family, key, answer["text"], answer["score"], flush=True)
    rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}" for key, value in results.items())
    (fixtures / "streaming-beams.json").write_text(f'{{"seconds": {SECONDS}, "results": {{\n{rows}\n}}}}\n', "utf8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
