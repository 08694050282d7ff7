"""Checkpoints nobody publishes: options of encoders, predictors and front ends drawn by chance, for seeds other than 1.

Another seed draws other ones. NeMo refuses some combinations; those are recorded as `raises`.
"""
from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from cases import Context
from configs import asr_config, block, conformer, conv_encoder, ctc_decoding, ctc_head, hybrid_parts, mel_frontend, rnnt_decoding, rnnt_head, rnnt_loss, tdt_loss, transducer_defaults
from environment import ASR, Config
from shapes import SHAPES, Shape, bpe
from sizes import Sizes
from texts import LABELS

DURATIONS = ([0, 1, 2, 4], [0, 1], [1, 2, 3], [0, 1, 2, 3, 5, 8], [0, 2, 1], [0, 3], [1], [0, 1, 2, 4, 8, 16])


def odd_sizes(ctx: Context, draw: random.Random) -> Sizes:
    heads = draw.choice((1, 2, 3, 5, 7))
    size = draw.choice([n for n in (3, 4, 5, 6, 8, 11, 16) if heads * n % 2 == 0 and 10 <= heads * n <= 48])
    return replace(ctx.sizes, d_model=heads * size, heads=heads, layers=draw.choice((1, 2, 3, 5)), kernel=draw.choice((3, 5, 9, 15, 31)), channels=draw.choice((3, 6, 13, 20)),
                   ff_expansion=draw.choice((1, 2, 3, 5)), mels=draw.choice((20, 40, 64, 80, 128)), pred=draw.choice((7, 16, 33)), pred_layers=draw.choice((1, 2, 3)),
                   joint=draw.choice((9, 24, 31)))


def odd_frontend(s: Sizes, draw: random.Random) -> Config:
    return mel_frontend(s.mels, window_size=draw.choice((0.02, 0.025, 0.03)), normalize=draw.choice(("per_feature", "per_feature", "all_features", "NA")), pad_to=draw.choice((0, 16)),
                        window=draw.choice(("hann", "hamming", "blackman")), mag_power=draw.choice((2.0, 1.0)), preemph=draw.choice((0.97, None, 0.5)))


def odd_conformer(s: Sizes, draw: random.Random) -> Config:
    options: Config = {"causal_downsampling": False, "use_bias": draw.random() < 0.7, "untie_biases": draw.random() < 0.7, "xscaling": draw.random() < 0.5,
                       "feat_out": draw.choice((-1, -1, s.d_model + 5))}
    options["subsampling"], options["subsampling_factor"] = draw.choice((("dw_striding", 2), ("dw_striding", 4), ("dw_striding", 8), ("dw_striding", 8), ("dw_striding", 16), ("striding", 2),
                                                                         ("striding", 4), ("striding", 8), ("dw_striding", 6), ("striding", 12), ("stacking", 3), ("stacking_norm", 6), ("stacking", 4)))
    if "striding" in options["subsampling"]:
        options["causal_downsampling"] = draw.random() < 0.5
    groups = draw.choice([n for n in range(1, s.d_model + 1) if s.d_model % n == 0])
    options["conv_norm_type"] = draw.choice(("batch_norm", "batch_norm", "layer_norm", "instance_norm", f"group_norm{groups}"))
    left = draw.randrange(s.kernel)
    options["conv_context_size"] = draw.choice((None, "causal", [left, s.kernel - 1 - left]))
    return conformer(s, **{**options, **odd_attention(s, draw)})


def odd_attention(s: Sizes, draw: random.Random) -> Config:
    kind = draw.choice(("full", "regular", "absolute", "chunks", "chunks", "right-context", "local", "local", "reduced"))
    left, right = draw.choice((1, 3, 6, 10)), draw.choice((0, 1, 2, 4))
    if kind == "regular":
        return {"att_context_size": draw.choice(([left, right], [left, -1], [-1, right], [[left, right], [left, 0]]))}
    if kind == "absolute":
        return {"self_attention_model": "abs_pos", "att_context_size": draw.choice(([-1, -1], [left, right]))}
    if kind == "chunks":
        return {"att_context_style": "chunked_limited", "att_context_size": draw.choice(([left * (right + 1), right], [-1, right], [[left * (right + 1), right], [right + 1, right]]))}
    if kind == "right-context":
        return {"att_context_style": "chunked_limited_with_rc", "att_context_size": [2 * left, right + 1, draw.choice((0, 1, 3))], "conv_context_style": draw.choice(("regular", "dcc")),
                "conv_context_size": None}
    if kind == "local":
        tokens = draw.choice((0, 1, 3))
        return {"self_attention_model": "rel_pos_local_attn", "att_context_size": [left, right + 1], "global_tokens": tokens, "global_tokens_spacing": draw.choice((1, 3)),
                "global_attn_separate": draw.random() < 0.5}
    if kind == "reduced":
        return {"reduction": draw.choice(("pooling", "striding")), "reduction_position": draw.choice((-1, 0, s.layers - 1)), "reduction_factor": draw.choice((2, 4))}
    return {}


def odd_convolutions(s: Sizes, draw: random.Random) -> tuple[Config, int]:
    """Citrinet's and QuartzNet's blocks with kernels, strides and squeezes of any size."""
    width = draw.choice((8, 12, 20))
    factor, squeezes = draw.choice((1.0, 0.25, 0.37, 1.6)), draw.random() < 0.6
    blocks = [block(width, 1, draw.choice((5, 8, 11)), stride=draw.choice((1, 2, 3)), residual=False)]
    for _ in range(draw.choice((1, 2, 4))):
        squeeze: Config = {"se": True, "se_context_size": draw.choice((-1, 16, 64)), "se_reduction_ratio": draw.choice((2, 3, 8)), "kernel_size_factor": factor} if squeezes else {}
        stride = draw.choice((1, 1, 2))
        strided: Config = {"stride": stride, "stride_last": True, "residual_mode": "stride_add"} if stride > 1 else {"dilation": draw.choice((1, 1, 2, 3))}
        residual = draw.random() < 0.8
        if not residual and stride > 1:
            strided = {"stride": stride}  # at every repeat
        blocks.append(block(width, draw.choice((1, 2, 3)), draw.choice((3, 6, 13, 21, 37)), residual=residual, separable=draw.random() < 0.8, **squeeze, **strided))
    last = draw.choice((8, 16, 32))
    blocks.append(block(last, 1, draw.choice((1, 4, 29)), residual=False, dilation=draw.choice((1, 2))))
    norm = draw.choice(("batch", "batch", "layer", "instance", "group"))
    return conv_encoder(s, blocks, draw.choice(("relu", "swish", "gelu", "selu")), normalization_mode=norm, norm_groups=draw.choice((-1, 1, 2, 4))), last


def odd_transducer(s: Sizes, draw: random.Random, width: int) -> Config:
    durations = draw.choice((None, draw.choice(DURATIONS)))
    parts: Config = {**transducer_defaults(s, enc_hidden=width), **rnnt_head(s, extra=len(durations or ())), "decoding": rnnt_decoding(), "loss": rnnt_loss()}
    if durations:
        parts["model_defaults"].update(tdt_durations=durations, num_tdt_durations=len(durations))
        parts.update(decoding=rnnt_decoding(model_type="tdt", durations=durations), loss=tdt_loss(durations))
    parts["joint"]["jointnet"].update(activation=draw.choice(("relu", "tanh", "sigmoid")), dropout=draw.choice((0.0, 0.2)))
    if draw.random() < 0.3:
        parts["decoder"] = {"_target_": "nemo.collections.asr.modules.StatelessTransducerDecoder", "normalization_mode": draw.choice((None, "layer")),
                            "context_size": draw.choice((1, 2, 4)), "prednet": {"pred_hidden": s.pred - s.pred % 2 + 2 if s.pred % 2 else s.pred, "dropout": 0.2}}
        parts["model_defaults"]["pred_hidden"] = parts["decoder"]["prednet"]["pred_hidden"]
    else:
        parts["decoder"].update(blank_as_pad=draw.random() < 0.8)
        parts["decoder"]["prednet"].update(draw.choice(({}, {}, {"rnn_hidden_size": s.pred + 5}, {"dropout": 0.0})))
    return parts


def odd(number: int, convolutions: bool) -> Shape:
    def make(ctx: Context) -> tuple[Any, Config]:
        draw = random.Random(f"{ctx.seed}/odd/{number}")
        s = odd_sizes(ctx, draw)
        if convolutions:
            encoder, width = odd_convolutions(s, draw)
        else:
            encoder = odd_conformer(s, draw)
            width = encoder["feat_out"] if encoder["feat_out"] > 0 else s.d_model
        front, head, vocab = odd_frontend(s, draw), draw.choice(("ctc", "ctc-characters", "transducer", "transducer", "hybrid")), draw.choice((60, 90, 300))
        if head == "ctc-characters":
            labels = list(LABELS[: draw.choice((5, 28))])
            return ASR.EncDecCTCModel, asr_config(s, front, encoder, labels=labels, decoder=ctc_head(s, len(labels), labels, width=width), decoding=ctc_decoding())
        tokenizer = bpe(ctx, vocab)
        if head == "ctc":
            return ASR.EncDecCTCModelBPE, asr_config(s, front, encoder, tokenizer=tokenizer, decoder=ctc_head(s, width=width), decoding=ctc_decoding())
        parts = odd_transducer(s, draw, width)
        if head == "transducer":
            return ASR.EncDecRNNTBPEModel, asr_config(s, front, encoder, tokenizer=tokenizer, **parts)
        aux = hybrid_parts(s)
        aux["aux_ctc"]["decoder"]["feat_in"] = width
        return ASR.EncDecHybridRNNTCTCBPEModel, asr_config(s, front, encoder, tokenizer=tokenizer, **parts, **aux)

    return make


SHAPES.update({f"odd-conformer-{number}": odd(number, False) for number in range(16)})
SHAPES.update({f"odd-convolutions-{number}": odd(number, True) for number in range(8)})
