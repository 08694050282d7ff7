"""Canary with decoders, encoders in between, vocabularies and limits drawn by chance."""
from __future__ import annotations

import math
import random
from typing import Any

from cases import Context, build_bpe, describe, odd_cases, save
from clips import GERMAN
from configs import conformer
from environment import ASR, Config
from families.canary import CANARY1_TOKENS, CANARY2_TOKENS, CANARY_FIRST, Slots, canary_config, canary_tokenizer, dump_canary, teach_canary
from odd_shapes import odd_sizes
from texts import corpus, train_sentencepiece
from training import enliven

BASE: dict[str, Slots] = {
    "canary": {"source_lang": "en", "target_lang": "en", "task": "asr", "pnc": "yes"},
    "canary2": {"decodercontext": "", "emotion": "<|emo:undefined|>", "source_lang": "en", "target_lang": "en", "pnc": "yes", "itn": "no", "timestamp": "no", "diarize": "no"},
}


def one_tokenizer(ctx: Context, vocab: int, draw: random.Random) -> Config:
    """One SentencePiece with the special tokens inside."""
    special = [*CANARY_FIRST, *CANARY2_TOKENS, "<|transcribe|>", "<|translate|>", *[f"<|{i}|>" for i in range(20)]]
    train_sentencepiece(ctx.work / "one", corpus(True, [clip.written for clip in ctx.clips] + [GERMAN.written]), vocab, symbols=special, kind=draw.choice(("bpe", "unigram")))
    return {"dir": str(ctx.work / "one"), "type": "bpe", "custom_tokenizer": {
        "_target_": "nemo.collections.common.tokenizers.canary_tokenizer.CanaryBPETokenizer", "model_path": None}}


def odd_stack(draw: random.Random, width: int) -> Config:
    return {"num_attention_heads": draw.choice([n for n in range(1, 9) if width % n == 0]), "inner_size": draw.choice((7, 30, 64, 3 * width)),
            "pre_ln": draw.random() < 0.5, "hidden_act": draw.choice(("relu", "gelu"))}


def odd_config(ctx: Context, draw: random.Random, taught: bool) -> Config:
    s = ctx.sizes
    encoder = conformer(s, xscaling=draw.random() < 0.3, subsampling_factor=draw.choice((4, 8)), use_bias=draw.random() < 0.7, feat_out=draw.choice((-1, -1, s.d_model + 6)))
    encoded = encoder["feat_out"] if encoder["feat_out"] > 0 else s.d_model
    learns = draw.random() < 0.5
    width = draw.choice([n for n in (10, 15, 24, 36, 49) if learns or n % 2 == 0] + [encoded] * (3 if learns or encoded % 2 == 0 else 0))
    prompt_format = draw.choice(("canary", "canary2"))
    vocab = 16 * draw.randrange(8, 14)
    tokens = CANARY1_TOKENS if prompt_format == "canary" else [*CANARY2_TOKENS, *[f"<|{i}|>" for i in range(draw.choice((1, 30)))]]
    tokenizer = one_tokenizer(ctx, vocab + draw.choice((0, 3)), draw) if draw.random() < 0.4 else canary_tokenizer(ctx, tokens, draw.choice((("en", "de"), ("en", "de", "es"))))
    defaults = None if prompt_format == "canary" else [{"role": "user", "slots": {
        "decodercontext": "", "emotion": "<|emo:undefined|>", "source_lang": "<|en|>", "target_lang": "<|en|>", "pnc": "<|pnc|>", "itn": "<|noitn|>",
        "timestamp": "<|notimestamp|>", "diarize": "<|nodiarize|>"}}]
    config = canary_config(ctx, tokenizer, prompt_format, width, draw.choice((96, 256) if taught else (40, 64, 96)), defaults)
    config["encoder"] = encoder
    config["model_defaults"]["asr_enc_hidden"] = encoded
    config["transf_encoder"].update(num_layers=draw.choice((0, 0, 1, 3)), pre_ln_final_layer_norm=draw.random() < 0.7, **odd_stack(draw, width))
    config["transf_decoder"].update(pre_ln_final_layer_norm=draw.random() < 0.7)
    config["transf_decoder"]["config_dict"].update(num_layers=draw.choice((1, 2, 4)), learn_positional_encodings=learns, num_token_types=draw.choice((0, 2)), **odd_stack(draw, width))
    config["head"].update(log_softmax=draw.random() < 0.7)
    config["decoding"] = draw.choice(({"strategy": "greedy", "greedy": {"temperature": None, "n_samples": 1}}, {"strategy": "beam", "return_best_hypothesis": True, "beam": {"beam_size": 1, "len_pen": 0.0, "max_generation_delta": 50}},
                                      {"strategy": "beam", "beam": {"beam_size": 3, "length_penalty": 0.8, "max_generation_delta": 5}},
                                      {"strategy": "beam", "beam": {"beam_size": 2, "len_pen": 0.5, "max_generation_delta": 20}}))
    return config


def odd_canary(ctx: Context, draw: random.Random, taught: bool) -> None:
    """A Canary nobody publishes."""
    ctx.sizes = odd_sizes(ctx, draw)
    config = odd_config(ctx, draw, taught)
    model: Any = build_bpe(ctx, ASR.EncDecMultiTaskModel, config)
    enliven(model)
    base = BASE[config["prompt_format"]]
    loss = teach_canary(ctx, model, [(clip, base, clip.written) for clip in ctx.inputs], 60) if taught else None
    model = save(ctx, model)
    shown = {key: config[key] for key in ("encoder", "transf_encoder", "transf_decoder", "head", "decoding", "model_defaults", "prompt_format")}
    describe(ctx, model, loss, config=shown, tokenizer_vocab_size=model.tokenizer.vocab_size, head_rows=model.log_softmax.mlp.layer0.weight.shape[0])
    en: Slots = {"source_lang": "en", "target_lang": "en", **({"task": "asr"} if config["prompt_format"] == "canary" else {})}
    dump_canary(ctx, model, {"en_pnc": {**en, "pnc": "yes"}, "untaught_de": {**en, "source_lang": "de", "target_lang": "de", "pnc": "no"}})


odd_cases("odd-canary", 6, odd_canary)
