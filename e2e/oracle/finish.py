"""The usual end of a case: overfit, save, describe, dump everything."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from omegaconf import DictConfig

from cases import Context, describe, save
from record import silence
from stages import dump_stages
from training import ctc_loss, overfit, rnnt_head_loss, sharpen, sum_losses
from transcripts import dump_ctc, dump_transducer


def dump_hybrid(ctx: Context, model: Any) -> None:
    dump_stages(ctx, model, {"ctc_log_probs": model.ctc_decoder}, decisions=True)
    dump_transducer(ctx, model)

    def use_ctc(cfg: DictConfig) -> None:
        model.change_decoding_strategy(cfg, decoder_type="ctc")

    dump_ctc(ctx, model, use_ctc, prefix="ctc.")
    with silence():
        model.change_decoding_strategy(decoder_type="rnnt")


def finish_hybrid(ctx: Context, model: Any, written: bool, steps: int) -> None:
    lesson = ctx.lesson(model.tokenizer.text_to_ids, written=written)
    loss = overfit(model, lesson, sum_losses(rnnt_head_loss(model, lesson), ctc_loss(model.ctc_decoder, lesson)), steps, target=0.04)
    sharpen(model)
    model = save(ctx, model)
    describe(ctx, model, loss)
    dump_hybrid(ctx, model)


def finish_ctc(ctx: Context, model: Any, encode: Callable[[str], list[int]], steps: int, **options: Any) -> Any:
    lesson = ctx.lesson(encode, options.pop("written", False))
    loss = overfit(model, lesson, ctc_loss(model.decoder, lesson), steps, **options)
    model = save(ctx, model)
    describe(ctx, model, loss)
    dump_stages(ctx, model, {"log_probs": model.decoder})
    dump_ctc(ctx, model)
    return model


def char_ids(labels: Sequence[str]) -> Callable[[str], list[int]]:
    return lambda text: [labels.index(ch) for ch in text if ch in labels]


def finish_rnnt(ctx: Context, model: Any, encode: Callable[[str], list[int]], steps: int, written: bool = False,
                beams: bool = True, **options: Any) -> Any:
    lesson = ctx.lesson(encode, written)
    loss = overfit(model, lesson, rnnt_head_loss(model, lesson), steps, **options)
    sharpen(model)
    model = save(ctx, model)
    describe(ctx, model, loss)
    dump_stages(ctx, model, decisions=True)
    dump_transducer(ctx, model, beams=beams)
    return model
