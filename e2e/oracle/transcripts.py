"""What transcribe() answers: greedy, timestamps, confidence, loop variants and beams."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from cases import Context
from configs import confidence
from environment import Config
from record import attempt, hypothesis, silence
from training import transducer_durations


def merged(model: Any, **changes: Any) -> DictConfig:
    """A decoding config for change_decoding_strategy, from the one in force."""
    base = OmegaConf.create(OmegaConf.to_container(model.cfg.decoding, resolve=True))
    OmegaConf.set_struct(base, False)
    return OmegaConf.merge(base, OmegaConf.create(changes))


def transcribe(ctx: Context, model: Any, as_arrays: bool = False, **options: Any) -> list[Any]:
    """One by one, then as one batch."""
    files = [clip.samples() if as_arrays else ctx.audio(clip) for clip in ctx.inputs]
    options = {"return_hypotheses": True, "verbose": False, "num_workers": 0, **options}
    with silence():
        singles = [model.transcribe([file], batch_size=1, **options)[0] for file in files]
        batch = model.transcribe(files, batch_size=len(files), **options)
    model.eval()  # transcribe() thaws the encoder into training mode
    return [*singles, *batch]


def dump_transcripts(ctx: Context, model: Any, key: str, arrays: bool = False, **options: Any) -> None:
    results = transcribe(ctx, model, **options)
    half = len(results) // 2
    ctx.record.json[key] = {
        "single": [hypothesis(h, ctx.record if arrays else None, f"{key}.single.{i}") for i, h in enumerate(results[:half])],
        "batch": [hypothesis(h) for h in results[half:]],
    }


CTC_STRATEGIES: dict[str, Config] = {
    "decoded": {"strategy": "greedy_batch", "compute_timestamps": True},
    "decoded_plain_greedy": {"strategy": "greedy", "compute_timestamps": True},
    "beam_batch": {"strategy": "beam_batch", "beam": {"beam_size": 4, "return_best_hypothesis": False, "beam_beta": 0.0,
                                                      "ngram_lm_alpha": 0.0}},
    "beam_batch_beta_1": {"strategy": "beam_batch", "beam": {"beam_size": 8, "return_best_hypothesis": False, "beam_beta": 1.0,
                                                             "ngram_lm_alpha": 0.0}},
    "pyctcdecode": {"strategy": "pyctcdecode", "beam": {"beam_size": 8, "return_best_hypothesis": False, "ngram_lm_alpha": 0.0, "beam_beta": 0.0}},
}


def dump_ctc(ctx: Context, model: Any, change: Callable[..., None] | None = None, prefix: str = "", **options: Any) -> None:
    """Greedy text, timestamps, alignments, confidence and beams of a CTC head."""
    if change is None:
        change = lambda cfg: model.change_decoding_strategy(cfg)  # noqa: E731
        base = model.cfg.decoding
    else:
        base = model.cfg.aux_ctc.decoding
    start = OmegaConf.to_container(base, resolve=True)

    def configured(**changes: Any) -> DictConfig:
        return OmegaConf.merge(OmegaConf.create(start), OmegaConf.create(changes))

    with silence():
        change(configured())
    dump_transcripts(ctx, model, f"{prefix}greedy", **options)
    refused = attempt(lambda: dump_transcripts(ctx, model, f"{prefix}timestamps", timestamps=True, **options))
    if refused:  # NeMo 2.7: the Squeezeformer encoder has no subsampling_factor
        ctx.record.json[f"{prefix}timestamps"] = refused
        model.eval()
    with silence():
        change(configured(preserve_alignments=True, compute_timestamps=True, confidence_cfg=confidence(True)))
    failed = attempt(lambda: dump_transcripts(ctx, model, f"{prefix}confidence", **options))
    if failed:  # NeMo 3.0.0 cannot aggregate words of a character model
        ctx.record.json[f"{prefix}word_confidence_refused"] = failed
        with silence():
            change(configured(preserve_alignments=True, compute_timestamps=True,
                              confidence_cfg={**confidence(True), "preserve_word_confidence": False}))
        dump_transcripts(ctx, model, f"{prefix}confidence", **options)
    arrays = "ctc_log_probs" if hasattr(model, "ctc_decoder") else "log_probs"
    for name, strategy in CTC_STRATEGIES.items():
        def run() -> list[Any]:
            with silence():
                change(configured(**strategy))
                decoding = model.ctc_decoding if hasattr(model, "ctc_decoding") else model.decoding
                found = []
                for i in range(len(ctx.inputs)):
                    scores = torch.from_numpy(ctx.record.arrays[f"single.{i}.{arrays}"])[None]
                    valid = torch.tensor([ctx.record.json["stages"]["single"][i]["encoded_length"]])
                    found.append(decoding.ctc_decoder_predictions_tensor(scores, valid, return_hypotheses=True)[0])
                return [hypothesis(h) for h in found]

        ctx.record.json[f"{prefix}{name}"] = attempt(run)
    with silence():
        change(configured())


def dump_transducer(ctx: Context, model: Any, change: Callable[..., None] | None = None, prefix: str = "",
                    beams: bool = True, **options: Any) -> None:
    """Greedy text, timestamps, alignments, confidence, loop variants and beams of an RNNT/TDT head."""
    change = change or model.change_decoding_strategy
    start = OmegaConf.to_container(model.cfg.decoding, resolve=True)

    def configured(**changes: Any) -> DictConfig:
        return OmegaConf.merge(OmegaConf.create(start), OmegaConf.create(changes))

    with silence():
        change(configured())
    dump_transcripts(ctx, model, f"{prefix}greedy", **options)
    dump_transcripts(ctx, model, f"{prefix}timestamps", timestamps=True, **options)
    variants: dict[str, Config] = {
        "confidence": {"preserve_alignments": True, "compute_timestamps": True, "confidence_cfg": confidence(True)},
        "plain_greedy": {"strategy": "greedy"},
        "loop_frames": {"strategy": "greedy_batch", "greedy": {"loop_labels": False}},
        "max_symbols_1": {"strategy": "greedy_batch", "greedy": {"max_symbols": 1}},
    }
    if transducer_durations(model):
        variants["confidence"]["tdt_include_token_duration"] = True
    if beams:
        for strategy in ("beam", "maes", "malsd_batch", "maes_batch", "alsd", "tsd"):
            variants[strategy] = {"strategy": strategy, "beam": {"beam_size": 4, "return_best_hypothesis": False, "score_norm": True}}
    for name, changes in variants.items():
        def run() -> None:
            with silence():
                change(configured(**changes))
            dump_transcripts(ctx, model, f"{prefix}{name}", arrays=name == "confidence", **options)

        failed = attempt(run)
        if failed:
            ctx.record.json[f"{prefix}{name}"] = failed
    with silence():
        change(configured())
