"""Cache-aware streaming with contexts, convolutions, subsamplings and heads drawn by chance: every step's frames and text."""
from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from cases import Context, build_bpe, case, describe, odd_cases, save
from clips import Clip
from configs import asr_config, conformer, ctc_decoding, ctc_head, hybrid_parts, mel_frontend
from environment import ASR, Config
from families.published import loosen_tongue
from odd_shapes import odd_sizes, odd_transducer
from record import attempt, silence
from shapes import bpe
from sizes import Sizes
from streams import dump_stream
from texts import LABELS
from training import Lesson, Loss, ctc_loss, enliven, overfit, rnnt_head_loss, sum_losses


def odd_contexts(draw: random.Random) -> Config:
    kind = draw.choice(("chunks", "chunks", "chunks", "chunks", "causal", "look-ahead", "right-context"))
    rights = draw.sample((0, 1, 2, 3, 5, 6, 13), draw.choice((1, 2, 3)))
    if kind == "chunks":
        return {"att_context_style": "chunked_limited", "att_context_size": [[(r + 1) * draw.choice((1, 2, 3, 7)), r] for r in rights]}
    if kind == "causal":
        return {"att_context_size": draw.choice(([5, 0], [1, 0], [[12, 0], [4, 0]]))}
    if kind == "look-ahead":
        return {"att_context_size": draw.choice(([6, 1], [[5, 2], [5, 0]]))}
    return {"att_context_style": "chunked_limited_with_rc", "att_context_size": [6, 2, 1], "conv_context_style": "dcc"}


def odd_encoder(s: Sizes, draw: random.Random) -> Config:
    groups = draw.choice([n for n in range(1, s.d_model + 1) if s.d_model % n == 0])
    options: Config = {"use_bias": draw.random() < 0.7, "untie_biases": draw.random() < 0.7, "xscaling": draw.random() < 0.5, "feat_out": draw.choice((-1, -1, s.d_model + 5)),
                       "causal_downsampling": draw.random() < 0.8, "conv_norm_type": draw.choice(("layer_norm", "layer_norm", "batch_norm", "instance_norm", f"group_norm{groups}")),
                       "conv_context_size": draw.choice(("causal", [s.kernel - 1, 0]))}
    options["subsampling"], options["subsampling_factor"] = draw.choice((("dw_striding", 2), ("dw_striding", 4), ("dw_striding", 8), ("dw_striding", 8), ("dw_striding", 16),
                                                                         ("striding", 4), ("striding", 8), ("stacking", 4), ("stacking_norm", 3)))
    if "stacking" in options["subsampling"]:
        options["causal_downsampling"] = False
    return conformer(s, **{**options, **odd_contexts(draw)})


def odd_model(ctx: Context, s: Sizes, draw: random.Random) -> Any:
    front = mel_frontend(s.mels, normalize="NA", window_size=draw.choice((0.02, 0.025)), window=draw.choice(("hann", "hamming")), pad_to=draw.choice((0, 16)))
    encoder = odd_encoder(s, draw)
    width = encoder["feat_out"] if encoder["feat_out"] > 0 else s.d_model
    head, vocab = draw.choice(("ctc", "ctc-characters", "transducer", "transducer", "hybrid")), draw.choice((60, 90, 300))
    if head == "ctc-characters":
        labels = list(LABELS)
        return build_bpe(ctx, ASR.EncDecCTCModel, asr_config(s, front, encoder, labels=labels, decoder=ctc_head(s, len(labels), labels, width=width), decoding=ctc_decoding()))
    tokenizer = bpe(ctx, vocab)
    if head == "ctc":
        return build_bpe(ctx, ASR.EncDecCTCModelBPE, asr_config(s, front, encoder, tokenizer=tokenizer, decoder=ctc_head(s, width=width), decoding=ctc_decoding()))
    parts = odd_transducer(s, draw, width)
    while not parts["decoder"].get("blank_as_pad"):  # NeMo streams no other predictors
        parts = odd_transducer(s, draw, width)
    if head == "transducer":
        return build_bpe(ctx, ASR.EncDecRNNTBPEModel, asr_config(s, front, encoder, tokenizer=tokenizer, **parts))
    aux = hybrid_parts(s)
    aux["aux_ctc"]["decoder"]["feat_in"] = width
    return build_bpe(ctx, ASR.EncDecHybridRNNTCTCBPEModel, asr_config(s, front, encoder, tokenizer=tokenizer, **parts, **aux))


def teach(ctx: Context, model: Any, steps: int) -> float:
    """A few steps towards the clips' texts, for every head there is."""
    encode = model.tokenizer.text_to_ids if hasattr(model, "tokenizer") else lambda text: [LABELS.index(ch) for ch in text if ch in LABELS]
    lesson = Lesson([clip.samples() for clip in ctx.inputs], [encode(clip.plain) for clip in ctx.inputs])
    losses: list[Loss] = [ctc_loss(head, lesson) for head in (getattr(model, "ctc_decoder", None), getattr(model, "decoder", None)) if hasattr(head, "decoder_layers")]
    if hasattr(model, "joint"):
        losses.append(rnnt_head_loss(model, lesson))
    return overfit(model, lesson, sum_losses(*losses), steps)


def odd_streaming(ctx: Context, draw: random.Random, taught: bool) -> None:
    """A streaming checkpoint nobody publishes."""
    ctx.sizes = odd_sizes(ctx, draw)
    model = odd_model(ctx, ctx.sizes, draw)
    enliven(model)
    loss = teach(ctx, model, 24) if taught else None
    loosen_tongue(model.eval(), ctx.inputs[1].samples())
    model = save(ctx, model)
    encoder = {key: value for key, value in model.cfg.encoder.items() if "size" in key or key.startswith(("att", "conv", "sub", "causal"))}
    describe(ctx, model, loss, encoder=encoder)
    decoders = ("rnnt", "ctc") if hasattr(model, "ctc_decoder") else ("rnnt",) if hasattr(model, "joint") else ("ctc",)
    first, _, third = ctx.inputs
    contexts = [list(context) for context in model.encoder.att_context_size_all]
    for decoder in decoders:
        if len(decoders) > 1:
            with silence():
                model.change_decoding_strategy(decoder_type=decoder)
        for context in contexts:
            key = f"stream.{decoder}.{'_'.join(map(str, context))}"
            for clip in (first, third) if context == contexts[0] else (first,):
                dump_odd_stream(ctx, model, f"{key}.{clip.name}", clip, context, with_frames=clip is first and decoder == decoders[0])


def dump_odd_stream(ctx: Context, model: Any, key: str, clip: Clip, context: list[int], with_frames: bool) -> None:
    """NeMo refuses some heads, then it is the encoder alone, and the last steps of encoders that look ahead."""
    def dump(texts: bool) -> None:
        dump_stream(ctx, model, key, clip, context, chunk_arrays=with_frames, texts=texts)

    refused = attempt(lambda: dump(True))
    if refused and (refused_too := attempt(lambda: dump(False))):
        ctx.record.json["streams"][key].update(refused_too)
    ctx.record.arrays = {name: array for name, array in ctx.record.arrays.items() if ".chunk." not in name}


odd_cases("odd-streaming", 12, odd_streaming)


@case("streaming-look-ahead")
def look_ahead(ctx: Context) -> None:
    """Steps of what nobody publishes: every layer looks ahead by itself, frames are stacked, the output is projected. Random."""
    s = ctx.sizes = replace(ctx.sizes, d_model=16, heads=2, layers=2, kernel=5, mels=40)
    encoder = conformer(s, att_context_size=[[6, 1], [6, 0]], conv_norm_type="layer_norm", conv_context_size="causal", subsampling="stacking", subsampling_factor=4, feat_out=21)
    labels = list(LABELS)
    model = build_bpe(ctx, ASR.EncDecCTCModel, asr_config(s, mel_frontend(s.mels, normalize="NA"), encoder, labels=labels, decoder=ctc_head(s, len(labels), labels, width=21),
                                                         decoding=ctc_decoding()))
    enliven(model)
    loosen_tongue(model.eval(), ctx.inputs[1].samples())
    model = save(ctx, model)
    describe(ctx, model, encoder=encoder)
    for context in ([6, 1], [6, 0]):
        dump_odd_stream(ctx, model, f"stream.ctc.{context[0]}_{context[1]}", ctx.inputs[0], context, with_frames=True)
