"""Configs in the forms NVIDIA's published checkpoints have, in miniature, and constructor options on one small FastConformer.

A shape is a function from a case to (class, config); `EDITS` change the saved YAML into what it was in its time. `KEPT` are those the
repository keeps; any other seed makes them all.
"""
from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cases import Context
from configs import (asr_config, block, bpe_tokenizer, classic_conformer, conformer, conv_encoder, ctc_decoding, ctc_head, hybrid_parts, mel_frontend,
                     rnnt_decoding, rnnt_head, rnnt_loss, tdt_loss, transducer_defaults)
from environment import ASR, Config, RATE
from families.archives import to_cls_params
from sizes import Sizes
from texts import LABELS, corpus, train_sentencepiece, word_pieces

KANJI = [chr(code) for code in range(0x4E00, 0x4E00 + 900)]
KANA = [chr(code) for code in range(0x3041, 0x3097)]
# labels that YAML reads as something else when they are not quoted
AWKWARD = [*"abc", "'", "1", "0x1", "y", "no", "null", "~", "#", ":", "?", "-", '"', "\\", "%", "@", "on", "1e3", "1:30", "é"]

Shape = Callable[[Context], tuple[Any, Config]]
SHAPES: dict[str, Shape] = {}
EDITS: dict[str, Callable[[Config], Config]] = {}
KEPT = ("quartznet-1.0.0", "citrinet-zh", "jasper-dense-8khz", "conformer-ctc-1.6", "conformer-rnnt-interpolated", "parakeet-tdt-v3", "rnnt-leftovers", "joint-tanh", "adapters")


def shape(name: str) -> Callable[[Shape], Shape]:
    def register(make: Shape) -> Shape:
        SHAPES[name] = make
        return make

    return register


def edit(name: str) -> Callable[[Callable[[Config], Config]], Callable[[Config], Config]]:
    def register(change: Callable[[Config], Config]) -> Callable[[Config], Config]:
        EDITS[name] = change
        return change

    return register


def tiny(ctx: Context, **other: Any) -> Sizes:
    return replace(ctx.sizes, **{"d_model": 16, "heads": 2, "layers": 2, "kernel": 9, "channels": 8, "mels": 80, "pred": 20, "joint": 24, **other})


def bpe(ctx: Context, vocab: int = 90, *, written: bool = False, lines: list[str] | None = None, **options: Any) -> Config:
    folder = ctx.work / f"tokenizer-{vocab}-{written}-{len(options)}"
    return bpe_tokenizer(folder if folder.exists() else train_sentencepiece(folder, lines or corpus(written), vocab, **options))


def ctc_bpe(ctx: Context, s: Sizes, front: Config, encoder: Config, width: int | None = None) -> tuple[Any, Config]:
    return ASR.EncDecCTCModelBPE, asr_config(s, front, encoder, tokenizer=bpe(ctx), decoder=ctc_head(s, width=width), decoding=ctc_decoding())


def ctc_char(s: Sizes, front: Config, encoder: Config, labels: list[str], width: int) -> tuple[Any, Config]:
    return ASR.EncDecCTCModel, asr_config(s, front, encoder, labels=labels, decoder=ctc_head(s, len(labels), labels, width=width), decoding=ctc_decoding())


def rnnt_parts(s: Sizes) -> Config:
    return {**transducer_defaults(s), **rnnt_head(s), "decoding": rnnt_decoding(), "loss": rnnt_loss()}


def rnnt_bpe(ctx: Context, s: Sizes, front: Config, encoder: Config) -> tuple[Any, Config]:
    return ASR.EncDecRNNTBPEModel, asr_config(s, front, encoder, tokenizer=bpe(ctx), **rnnt_parts(s))


def tdt_parts(s: Sizes, durations: list[int]) -> Config:
    return {**transducer_defaults(s, tdt_durations=durations, num_tdt_durations=len(durations)), **rnnt_head(s, extra=len(durations)),
            "decoding": rnnt_decoding(model_type="tdt", durations=durations), "loss": tdt_loss(durations)}


@shape("quartznet-1.0.0")
def quartznet(ctx: Context) -> tuple[Any, Config]:
    """QuartzNet15x5Base-En."""
    s = tiny(ctx, mels=64)
    blocks = [block(12, 1, 33, stride=2, residual=False), *[block(filters, 2, kernel) for filters, kernel in ((12, 33), (16, 51), (20, 75))],
              block(20, 1, 87, dilation=2, residual=False), block(24, 1, 1, residual=False, separable=False)]
    return ctc_char(s, mel_frontend(64, window_size=0.02, pad_to=16), conv_encoder(s, blocks), list(LABELS), 24)


@edit("quartznet-1.0.0")
def old_quartznet(config: Config) -> Config:
    """`cls` and `params`, no decoding section, keys that are gone, training remnants."""
    keep = {key: config[key] for key in ("preprocessor", "spec_augment", "encoder", "decoder")}
    keep["preprocessor"].update(stft_conv=False, nb_augmentation_prob=0.0)
    keep["preprocessor"].pop("dither")
    keep["encoder"].pop("conv_mask")
    return {"target": "nemo.collections.asr.models.ctc_models.EncDecCTCModel", "labels": config["labels"], "sample_rate": RATE, **to_cls_params(keep),
            "repeat": 5, "separable": True, "use_cer": False, "train_ds": {"manifest_filepath": "???", "labels": LABELS[:2]}}


def citrinet_blocks(filters: int, kernels: list[list[int]], gamma: float, last: int) -> list[Config]:
    squeeze: Config = {"se": True, "se_context_size": -1, "kernel_size_factor": gamma}
    strided: Config = {"stride": 2, "stride_last": True, "residual_mode": "stride_add"}
    body = [block(filters, 2, kernel, **squeeze, **(strided if first else {})) for row in kernels for first, kernel in zip((True, *[False] * len(row)), row)]
    return [block(filters, 1, 5, residual=False, **squeeze), *body, block(last, 1, 41, residual=False, **squeeze)]


@shape("citrinet-gamma-0.25")
def citrinet(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx)
    blocks = citrinet_blocks(16, [[11, 13, 15], [21, 23, 25], [31, 33, 37, 39]], 0.25, 24)
    return ctc_bpe(ctx, s, mel_frontend(80, pad_to=16), conv_encoder(s, blocks), width=24)


@shape("citrinet-zh")
def zh_citrinet(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx)
    labels = [" ", *KANJI[: 60 if ctx.seed == 1 else 900], *AWKWARD]
    return ctc_char(s, mel_frontend(80, pad_to=16), conv_encoder(s, citrinet_blocks(16, [[11, 13], [21], [31]], 1.0, 24)), labels, 24)


@shape("contextnet")
def contextnet(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, d_model=20)
    squeeze: Config = {"se": True, "se_context_size": -1}
    strided: Config = {"stride": 2, "stride_last": True, "residual_mode": "stride_add"}
    body = [block(12 if i < 5 else 24, 2, 5, **squeeze, **(strided if i in (2, 4, 6) else {})) for i in range(1, 8)]
    blocks = [block(12, 1, 5, residual=False, **squeeze), *body, block(20, 1, 5, residual=False, **squeeze)]
    return rnnt_bpe(ctx, s, mel_frontend(80, pad_to=16), conv_encoder(s, blocks, "swish"))


@shape("jasper-dense-8khz")
def jasper(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, mels=40)
    dense = [block(12 + 4 * i, 2, kernel, separable=False, residual_dense=True) for i, kernel in enumerate((11, 13, 17))]
    blocks = [block(12, 1, 11, stride=2, residual=False, separable=False), *dense, block(24, 1, 29, dilation=2, residual=False, separable=False),
              block(24, 1, 1, residual=False, separable=False)]
    front = {**mel_frontend(40, window_size=0.02, pad_to=16, highfreq=3800, lowfreq=50), "sample_rate": 8000, "n_fft": 256}
    cls, config = ctc_char(s, front, conv_encoder(s, blocks), list(LABELS), 24)
    return cls, {**config, "sample_rate": 8000}


@shape("conformer-ctc-1.6")
def conformer_ctc(ctx: Context) -> tuple[Any, Config]:
    """stt_en_conformer_ctc_small: heads of an odd size."""
    s = tiny(ctx, d_model=20, heads=4, kernel=15)
    return ctc_bpe(ctx, s, mel_frontend(80), classic_conformer(s))


@edit("conformer-ctc-1.6")
def old_conformer(config: Config) -> Config:
    for key in ("use_bias", "causal_downsampling", "reduction", "reduction_position", "reduction_factor", "att_context_style", "conv_norm_type",
                "conv_context_size", "dropout_pre_encoder", "stochastic_depth_drop_prob", "stochastic_depth_mode", "stochastic_depth_start_layer"):
        config["encoder"].pop(key)
    return {key: value for key, value in config.items() if key not in ("decoding", "compute_eval_loss", "nemo_version")}


@shape("conformer-rnnt-interpolated")
def conformer_rnnt(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, d_model=24, heads=3, kernel=15)
    return rnnt_bpe(ctx, s, mel_frontend(80), classic_conformer(s))


@edit("conformer-rnnt-interpolated")
def interpolated(config: Config) -> Config:
    """References as in recipes, and keys of other versions."""
    config["encoder"].update(feat_in="${preprocessor.features}", d_model="${model_defaults.enc_hidden}", sync_max_audio_length=False)
    config["decoder"]["prednet"]["pred_hidden"] = "${model_defaults.pred_hidden}"
    config["joint"]["jointnet"]["joint_hidden"] = "${model_defaults.joint_hidden}"
    config["preprocessor"]["sample_rate"] = "${sample_rate}"
    return {**config, "future_key": {"a": [1, 2]}, "variational_noise": {"start_step": 0, "std": 0.0}, "hparams_file": None}


@shape("conformer-rnnt-xl")
def conformer_xl(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, d_model=32, heads=4, kernel=5, pred_layers=2)
    return rnnt_bpe(ctx, s, mel_frontend(80), conformer(s, subsampling="striding", subsampling_factor=4, subsampling_conv_channels=-1, xscaling=False))


@shape("conformer-rnnt-characters")
def conformer_characters(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, d_model=24, heads=4)
    labels = [" ", *KANA, *KANJI[:60], "1", "y", "no", "ー", "、", "。", "<noise>", "<unk>"]
    return ASR.EncDecRNNTModel, asr_config(s, mel_frontend(80), classic_conformer(s), labels=labels, **rnnt_parts(s))


@shape("hybrid-characters")
def hybrid_characters(ctx: Context) -> tuple[Any, Config]:
    """Two heads over labels, some of several characters; TDT without a duration of nothing."""
    s = tiny(ctx)
    labels = [" ", *LABELS[1:], "ab", "<noise>", "é", "▁x"]
    parts = {**tdt_parts(s, [1, 2, 4]), **hybrid_parts(s)}
    parts["aux_ctc"]["decoder"].update(num_classes=len(labels), vocabulary=labels)
    return ASR.EncDecHybridRNNTCTCModel, asr_config(s, mel_frontend(80), conformer(s), labels=labels, **parts)


@shape("tdt-characters")
def tdt_characters(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx)
    return ASR.EncDecRNNTModel, asr_config(s, mel_frontend(80), conformer(s), labels=list(LABELS), **tdt_parts(s, [0, 1, 2, 3, 4]))


@shape("suffix-tokenizer")
def suffix_tokenizer(ctx: Context) -> tuple[Any, Config]:
    """SentencePiece with the space behind a word, and case folded."""
    s = tiny(ctx)
    tokenizer = bpe(ctx, 110, written=True, rule="nmt_nfkc_cf", treat_whitespace_as_suffix=True)
    return ASR.EncDecRNNTBPEModel, asr_config(s, mel_frontend(80), conformer(s), tokenizer=tokenizer, **rnnt_parts(s))


@shape("byte-fallback")
def byte_fallback(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx)
    tokenizer = bpe(ctx, 380, written=True, kind="bpe", byte_fallback=True)
    return ASR.EncDecHybridRNNTCTCBPEModel, asr_config(s, mel_frontend(80), conformer(s), tokenizer=tokenizer, **rnnt_parts(s), **hybrid_parts(s))


@shape("user-symbols")
def user_symbols(ctx: Context) -> tuple[Any, Config]:
    """Punctuation pieces, language tags and special pieces among the tokens."""
    s = tiny(ctx)
    tokenizer = bpe(ctx, 110, written=True, symbols=["<en-US>", "<EOU>", ",", "?", "▁the"], bos_id=1, eos_id=2, pad_id=3)
    return ASR.EncDecHybridRNNTCTCBPEModel, asr_config(s, mel_frontend(80), conformer(s), tokenizer=tokenizer, **tdt_parts(s, [0, 1, 2, 3, 4]), **hybrid_parts(s))


@shape("conformer-wpe")
def conformer_wpe(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, d_model=24)
    tokenizer = {"dir": str(word_pieces(ctx.work, corpus(False), 120)), "type": "wpe"}
    return ASR.EncDecCTCModelBPE, asr_config(s, mel_frontend(80), classic_conformer(s), tokenizer=tokenizer, decoder=ctc_head(s), decoding=ctc_decoding())


@shape("fastconformer-rnnt")
def fast_rnnt(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx)
    return rnnt_bpe(ctx, s, mel_frontend(80), conformer(s))


@shape("parakeet-ctc-1.1b")
def parakeet_ctc(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, d_model=32, heads=4, kernel=5, layers=3)
    return ctc_bpe(ctx, s, mel_frontend(80), conformer(s, xscaling=False))


@shape("parakeet-rnnt-0.6b")
def parakeet_rnnt(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, d_model=32, heads=4, pred_layers=2)
    return rnnt_bpe(ctx, s, mel_frontend(80), conformer(s, xscaling=False))


@shape("parakeet-tdt-v3")
def parakeet_v3(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, pred_layers=2, mels=128)
    return ASR.EncDecRNNTBPEModel, asr_config(s, mel_frontend(128), conformer(s, xscaling=False, use_bias=False), tokenizer=bpe(ctx, 120, written=True),
                                              **tdt_parts(s, [0, 1, 2, 3, 4]))


@shape("parakeet-tdt-1.1b")
def parakeet_tdt(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, d_model=32, heads=4, pred_layers=2)
    return ASR.EncDecRNNTBPEModel, asr_config(s, mel_frontend(80), conformer(s, xscaling=False), tokenizer=bpe(ctx), **tdt_parts(s, [0, 1, 2, 4, 8]))


@edit("parakeet-tdt-1.1b")
def durations_of_loss(config: Config) -> Config:
    config["model_defaults"].pop("tdt_durations")
    return config


@shape("parakeet-tdt-ctc-ja")
def parakeet_ja(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, d_model=32, heads=4)
    draw = random.Random(ctx.seed)
    lines = ["".join(draw.choices(KANJI[:150] + KANA, k=30)) + draw.choice("。？") for _ in range(300)]
    return ASR.EncDecHybridRNNTCTCBPEModel, asr_config(s, mel_frontend(80), conformer(s), **tdt_parts(s, [0, 1, 2, 3, 4]), **hybrid_parts(s),
                                                       tokenizer=bpe(ctx, 244, lines=lines, kind="char", hard_vocab_limit=False))


@shape("rnnt-leftovers")
def leftovers(ctx: Context) -> tuple[Any, Config]:
    """An RNNT whose config still has the numbers of the recipes it was started from."""
    cls, config = fast_rnnt(ctx)
    config["model_defaults"].update(tdt_durations=[0, 1, 2, 3, 4], num_tdt_durations=5)
    config["loss"].update(tdt_kwargs={"durations": [0, 1, 2, 3, 4], "sigma": 0.05}, multiblank_rnnt_kwargs={"big_blank_durations": [2, 4], "sigma": 0.05})
    return cls, config


@shape("joint-tanh")
def tanh_joint(ctx: Context) -> tuple[Any, Config]:
    """No dropout in the joint (another index of its last layer), an embedding without a row for the blank."""
    cls, config = fast_rnnt(ctx)
    config["joint"]["jointnet"].update(dropout=0.0, activation="tanh")
    config["decoder"]["blank_as_pad"] = False
    config["decoder"]["prednet"].update(forget_gate_bias=1.0, rnn_hidden_size=-1)
    return cls, config


@shape("adapters")
def adapters(ctx: Context) -> tuple[Any, Config]:
    """A fine-tuned encoder: three linear adapters, one of them switched off."""
    s = tiny(ctx)
    cls, config = ctc_bpe(ctx, s, mel_frontend(80), conformer(s))
    config["encoder"]["_target_"] += "Adapter"
    linear = {"_target_": "nemo.collections.common.parts.adapter_modules.LinearAdapter", "in_features": s.d_model, "dropout": 0.1}
    config["adapters"] = {"before": {**linear, "dim": 6, "activation": "swish", "norm_position": "pre", "enabled": True},
                          "off": {**linear, "dim": 5, "activation": "relu", "norm_position": "pre", "enabled": False},
                          "after": {**linear, "dim": 7, "activation": "relu", "norm_position": "post", "enabled": True}}
    return cls, config


def causal(s: Sizes, contexts: Any, **other: Any) -> Config:
    return conformer(s, **{"causal_downsampling": True, "att_context_size": contexts, "att_context_style": "chunked_limited", "conv_norm_type": "layer_norm",
                           "conv_context_size": "causal", **other})


@shape("nemotron-streaming")
def nemotron(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, mels=128, pred_layers=2)
    encoder = causal(s, [[70, 13], [70, 6], [70, 1], [70, 0]], att_context_probs=[0.25] * 4, use_bias=False, xscaling=False)
    return rnnt_bpe(ctx, s, mel_frontend(128, normalize="NA"), encoder)


@shape("streaming-80ms")
def streaming_80(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx)
    encoder = causal(s, [10, 0], conv_norm_type="batch_norm")
    return ASR.EncDecHybridRNNTCTCBPEModel, asr_config(s, mel_frontend(80, normalize="NA"), encoder, tokenizer=bpe(ctx), **rnnt_parts(s), **hybrid_parts(s))


@shape("streaming-regular")
def streaming_regular(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx)
    encoder = causal(s, [[12, 0]], att_context_style="regular", conv_context_size=[8, 0], subsampling="striding", subsampling_factor=4)
    return rnnt_bpe(ctx, s, mel_frontend(80, normalize="NA"), encoder)


@shape("fixed-normalisation")
def fixed(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx)
    statistics = {"fixed_mean": [-9.0 - 0.05 * i for i in range(80)], "fixed_std": [3.0 + 0.01 * i for i in range(80)]}
    return ctc_bpe(ctx, s, mel_frontend(80, normalize=statistics), conformer(s))


@shape("all-features")
def all_features(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, mels=64)
    front = mel_frontend(64, normalize="all_features", preemph=None, mag_power=1.0, window="hamming", log_zero_guard_type="clamp", log_zero_guard_value=1e-5)
    return ctc_bpe(ctx, s, {**front, "window_size": 0.03, "window_stride": 0.0125, "n_fft": None}, conformer(s))


@shape("frame-splicing")
def splicing(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx, mels=64)
    return ctc_bpe(ctx, s, mel_frontend(64, frame_splicing=3), {**conformer(s), "feat_in": 64 * 3})


@shape("long-fastconformer")
def long_fastconformer(ctx: Context) -> tuple[Any, Config]:
    s = tiny(ctx)
    return ctc_bpe(ctx, s, mel_frontend(80), conformer(s, self_attention_model="rel_pos_local_attn", att_context_size=[6, 6], global_tokens=1,
                                                      global_tokens_spacing=1, global_attn_separate=False))


OPTIONS: dict[str, Config] = {
    "subsampling-16": {"subsampling_factor": 16}, "subsampling-2": {"subsampling_factor": 2}, "causal-16": {"subsampling_factor": 16, "causal_downsampling": True},
    "striding-8": {"subsampling": "striding", "subsampling_factor": 8}, "channels": {"subsampling_conv_channels": 40}, "ff-5": {"ff_expansion_factor": 5},
    "causal-striding-8": {"subsampling": "striding", "subsampling_factor": 8, "causal_downsampling": True}, "kernel-31": {"conv_kernel_size": 31},
    "contexts-regular": {"att_context_size": [[7, 3], [-1, -1]], "att_context_probs": [0.5, 0.5]}, "tied": {"untie_biases": False},
    "abs-pos": {"self_attention_model": "abs_pos", "xscaling": False}, "abs-pos-limited": {"self_attention_model": "abs_pos", "att_context_size": [5, 3]},
    "local-uneven": {"self_attention_model": "rel_pos_local_attn", "att_context_size": [4, 7]}, "positions-20": {"pos_emb_max_len": 20},
    "pooling": {"reduction": "pooling", "reduction_position": 1, "reduction_factor": 4}, "no-context": {"att_context_size": None},
    "instance-causal": {"conv_norm_type": "instance_norm", "conv_context_size": "causal"}, "group-8": {"conv_norm_type": "group_norm8", "use_bias": False},
    "with-right-context": {"att_context_style": "chunked_limited_with_rc", "att_chunk_context_size": [[70], [1, 2, 7, 13], [0, 1, 2, 3]],
                           "att_context_size": [70, 7, 2], "conv_context_style": "dcc"},
    "stacking-2": {"subsampling": "stacking", "subsampling_factor": 2}, "sdpa": {"use_pytorch_sdpa": True, "use_pytorch_sdpa_backends": ["MATH"]},
    "depth": {"stochastic_depth_drop_prob": 0.2}, "chunking-1": {"subsampling_conv_chunking_factor": 1},
}


def option_shape(options: Config) -> Shape:
    def make(ctx: Context) -> tuple[Any, Config]:
        s = tiny(ctx)
        return ctc_bpe(ctx, s, mel_frontend(80), conformer(s, **options))

    return make


SHAPES.update({f"option-{name}": option_shape(options) for name, options in OPTIONS.items()})
