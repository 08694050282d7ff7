"""QuartzNet, Jasper, Citrinet, ContextNet."""
from __future__ import annotations

from dataclasses import replace

from cases import Context, build_bpe, case
from configs import asr_config, block, bpe_tokenizer, conv_encoder, ctc_decoding, ctc_head, mel_frontend, rnnt_decoding, rnnt_head, rnnt_loss, transducer_defaults
from environment import ASR, Config
from finish import char_ids, finish_ctc, finish_rnnt
from texts import LABELS


@case("quartznet-ctc-char")
def quartznet(ctx: Context) -> None:
    """Shaped like QuartzNet15x5: separable convolutions with batch norm, 28 characters, 20 ms window, pad_to 16."""
    s = replace(ctx.sizes, mels=64 if ctx.seed == 1 else ctx.sizes.mels)
    ctx.sizes = s
    f, k = s.filters, ctx.draw(11, 9, 13)
    blocks = [block(f, 1, k, stride=2, residual=False), block(f, 2, k), block(f + 16, 2, k + 2),
              block(f + 16, 1, k + 4, dilation=2, residual=False), block(2 * f, 1, 1, residual=False, separable=False)]
    labels = list(LABELS)
    model = build_bpe(ctx, ASR.EncDecCTCModel, asr_config(
        s, mel_frontend(s.mels, window_size=0.02, pad_to=16), conv_encoder(s, blocks), labels=labels,
        decoder=ctc_head(s, len(labels), labels, width=2 * f), decoding=ctc_decoding()))
    finish_ctc(ctx, model, char_ids(labels), 250, lr=1e-2)


@case("jasper-ctc")
def jasper(ctx: Context) -> None:
    """Dense residual, plain convolutions, conv_mask as in Jasper10x5dr."""
    s = replace(ctx.sizes, mels=64 if ctx.seed == 1 else ctx.sizes.mels)
    ctx.sizes = s
    f, k = s.filters - 16, ctx.draw(7, 5, 9)
    dense: Config = {"separable": False, "residual_dense": True}
    blocks = [block(f, 1, k, stride=2, residual=False, separable=False), block(f, 2, k, **dense), block(f + 8, 2, k, **dense),
              block(f + 8, 1, k, **dense), block(f + 16, 1, k, dilation=2, residual=False, separable=False),
              block(f + 24, 1, 1, residual=False, separable=False)]
    labels = list(LABELS)
    model = build_bpe(ctx, ASR.EncDecCTCModel, asr_config(
        s, mel_frontend(s.mels, window_size=0.02, pad_to=16), conv_encoder(s, blocks), labels=labels,
        decoder=ctc_head(s, len(labels), labels, width=f + 24), decoding=ctc_decoding()))
    finish_ctc(ctx, model, char_ids(labels), 200, lr=1e-2)


def squeeze_blocks(f: int, k: int, ratio: int, factor: float) -> list[Config]:
    """Citrinet and ContextNet: squeeze-excite everywhere, three strided blocks, strides on the last repeat only."""
    se: Config = {"se": True, "se_context_size": -1, "se_reduction_ratio": ratio, "kernel_size_factor": factor}
    last: Config = {"stride_last": True, "residual_mode": "stride_add"}
    return [block(f, 1, 5, residual=False, **se), block(f, 2, k, stride=2, **se, **last), block(f, 2, k + 2, **se),
            block(f + 8, 2, k + 2, stride=2, **se, **last), block(f + 8, 2, k + 4, stride=2, **se, **last),
            block(f + 16, 1, k + 6, residual=False, **se)]


@case("citrinet-ctc-bpe")
def citrinet(ctx: Context) -> None:
    """Shaped like Citrinet: squeeze-and-excite, strides on the last repeat, kernel_size_factor."""
    s = ctx.sizes
    f = s.filters - 8
    folder = ctx.tokenizer()
    model = build_bpe(ctx, ASR.EncDecCTCModelBPE, asr_config(
        s, mel_frontend(s.mels, pad_to=16), conv_encoder(s, squeeze_blocks(f, ctx.draw(9, 11), 8, ctx.draw(0.6, 0.25, 1.0)),
                                                         init_mode="tds_uniform"),
        tokenizer=bpe_tokenizer(folder), decoder=ctc_head(s, width=f + 16), decoding=ctc_decoding()))
    finish_ctc(ctx, model, model.tokenizer.text_to_ids, 350, lr=8e-3)


@case("contextnet-rnnt-bpe")
def contextnet(ctx: Context) -> None:
    """Shaped like ContextNet: the Citrinet encoder with swish, RNNT head."""
    s = ctx.sizes
    f = s.filters - 8
    folder = ctx.tokenizer()
    defaults = transducer_defaults(s)
    defaults["model_defaults"]["enc_hidden"] = f + 16
    model = build_bpe(ctx, ASR.EncDecRNNTBPEModel, asr_config(
        s, mel_frontend(s.mels, pad_to=16), conv_encoder(s, squeeze_blocks(f, ctx.draw(5, 7), 4, 1.0), activation="swish"),
        tokenizer=bpe_tokenizer(folder), **defaults, **rnnt_head(s), decoding=rnnt_decoding(), loss=rnnt_loss()))
    finish_rnnt(ctx, model, model.tokenizer.text_to_ids, 250, lr=6e-3)
