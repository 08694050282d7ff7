"""Canary: attention encoder-decoders with the prompt formats `canary` and `canary2`."""
from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import OmegaConf

from cases import Context, build_bpe, case, describe, save
from clips import Clip, GERMAN
from configs import asr_config, confidence, conformer, mel_frontend
from environment import ASR, Config, RATE
from record import attempt, hypothesis, margin, plain, silence
from stages import dump_stages, encode_audio
from texts import corpus, train_sentencepiece
from training import Lesson, overfit
from transcripts import dump_transcripts

CANARY1_TOKENS = ["<|en|>", "<|de|>", "<|es|>", "<|fr|>", "<|transcribe|>", "<|translate|>"]
CANARY2_TOKENS = ["<|startofcontext|>", "<|itn|>", "<|noitn|>", "<|timestamp|>", "<|notimestamp|>", "<|diarize|>",
                  "<|nodiarize|>", "<|spkchange|>", "<|audioseparator|>", "<|emo:undefined|>", "<|emo:neutral|>",
                  "<|emo:happy|>", "<|emo:sad|>", "<|emo:angry|>", "<|unklang|>", "<|en|>", "<|de|>", "<|es|>", "<|fr|>"]
CANARY_FIRST = ["<|nospeech|>", "<pad>", "<|endoftext|>", "<|startoftranscript|>", "<|pnc|>", "<|nopnc|>"]


def canary_tokenizer(ctx: Context, tokens: Sequence[str], langs: Sequence[str]) -> Config:
    special = [*CANARY_FIRST, *tokens]
    train_sentencepiece(ctx.work / "spl_tokens", special, len(special) + 2, symbols=special, kind="unigram",
                        hard_vocab_limit=False)
    german = [GERMAN.plain, GERMAN.written]
    parts: Config = {"spl_tokens": {"dir": str(ctx.work / "spl_tokens"), "type": "bpe"}}
    for lang in langs:
        lines = corpus(True, [c.written for c in ctx.clips] + (german if lang == "de" else []), limit=3000 if lang == "en" else 1500)
        train_sentencepiece(ctx.work / lang, lines, ctx.sizes.written_vocab - (8 if lang == "de" else 0))
        parts[lang] = {"dir": str(ctx.work / lang), "type": "bpe"}
    return {"dir": None, "type": "agg", "langs": parts, "custom_tokenizer": {
        "_target_": "nemo.collections.common.tokenizers.canary_tokenizer.CanaryTokenizer", "tokenizers": None}}


def canary_config(ctx: Context, tokenizer: Config, prompt_format: str, width: int, max_length: int, prompt_defaults: Any) -> Config:
    s = ctx.sizes
    heads = 4
    return asr_config(
        s, mel_frontend(s.mels, dither=0.0), conformer(s, xscaling=False), prompt_format=prompt_format,
        prompt_defaults=prompt_defaults, tokenizer=tokenizer, label_smoothing=0.0, use_loss_mask_for_prompt=False,
        model_defaults={"asr_enc_hidden": s.d_model, "lm_enc_hidden": width, "lm_dec_hidden": width},
        transf_encoder={"_target_": "nemo.collections.asr.modules.transformer.transformer_encoders.TransformerEncoder",
                        "num_layers": 0, "hidden_size": width, "inner_size": 4 * width, "num_attention_heads": heads,
                        "ffn_dropout": 0.1, "attn_score_dropout": 0.1, "attn_layer_dropout": 0.1, "mask_future": False,
                        "pre_ln": True, "pre_ln_final_layer_norm": True},
        transf_decoder={"_target_": "nemo.collections.asr.modules.transformer.get_nemo_transformer", "model_name": None,
                        "pretrained": False, "encoder": None, "pre_ln_final_layer_norm": True,
                        "config_dict": {"max_sequence_length": max_length, "num_token_types": 0, "embedding_dropout": 0.1,
                                        "learn_positional_encodings": False, "hidden_size": width, "inner_size": 4 * width,
                                        "num_layers": s.decoder_layers, "num_attention_heads": heads, "ffn_dropout": 0.1,
                                        "attn_score_dropout": 0.1, "attn_layer_dropout": 0.1, "hidden_act": "relu",
                                        "pre_ln": True, "vocab_size": None}},
        head={"_target_": "nemo.collections.asr.parts.submodules.token_classifier.TokenClassifier", "num_layers": 1,
              "activation": "relu", "log_softmax": True, "hidden_size": width, "num_classes": None, "dropout": 0.0,
              "use_transformer_init": True},
        decoding={"strategy": "beam", "return_best_hypothesis": True, "beam": {"beam_size": 1, "len_pen": 0.0, "max_generation_delta": 50}},
        loss={"_target_": "nemo.collections.common.losses.smoothed_cross_entropy.SmoothedCrossEntropyLoss",
              "label_smoothing": 0.0, "pad_id": None})


Slots = dict[str, str]


def canary_states(model: Any, encoded: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    mask = (torch.arange(encoded.shape[2])[None] < lengths[:, None]).to(encoded.dtype)
    states = model.encoder_decoder_proj(encoded.permute(0, 2, 1))
    if model.use_transf_encoder:
        states = model.transf_encoder(encoder_states=states, encoder_mask=mask)
    return states, mask


def canary_scores(model: Any, states: torch.Tensor, mask: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    hidden = model.transf_decoder(input_ids=ids, decoder_mask=torch.ones_like(ids), encoder_embeddings=states, encoder_mask=mask)
    with model.log_softmax.with_log_softmax_enabled(True) as head:
        return head(hidden_states=hidden)


def teach_canary(ctx: Context, model: Any, exercises: Sequence[tuple[Clip, Slots, str]], steps: int) -> float:
    """Cross entropy on prompt+answer, several prompts per clip."""
    clips = list(dict.fromkeys(clip for clip, _, _ in exercises))
    rows = torch.tensor([clips.index(clip) for clip, _, _ in exercises])
    coded = [model.prompt.encode_dialog([{"role": "user", "slots": slots},
                                         {"role": "assistant", "slots": {"text": text, model.prompt.PROMPT_LANGUAGE_SLOT: slots["target_lang"]}}])
             for _, slots, text in exercises]
    width = max(len(c["input_ids"]) for c in coded)
    inputs = torch.full((len(coded), width), model.tokenizer.pad_id)
    wanted = torch.zeros(len(coded), width, dtype=torch.bool)
    for i, c in enumerate(coded):
        inputs[i, : len(c["input_ids"])] = c["input_ids"]
        wanted[i, len(c["context_ids"]) : len(c["input_ids"])] = True

    def loss(encoded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        states, mask = canary_states(model, encoded, lengths)
        scores = canary_scores(model, states[rows], mask[rows], inputs[:, :-1])
        return -scores.gather(2, inputs[:, 1:, None])[..., 0][wanted[:, 1:]].mean()

    padded = [np.pad(c.samples(), (0, max(0, RATE - len(c.samples())))) for c in clips]
    return overfit(model, Lesson(padded, [[0] for _ in clips]), loss, steps, lr=5e-3, target=0.003)


def dump_canary(ctx: Context, model: Any, prompts: dict[str, Slots]) -> None:
    """Encoder stages, teacher-forced decoder scores and transcripts per prompt and strategy."""

    dump_stages(ctx, model)
    start = OmegaConf.to_container(model.cfg.decoding, resolve=True)

    def use(**changes: Any) -> None:
        with silence():
            model.change_decoding_strategy(OmegaConf.merge(OmegaConf.create(start), OmegaConf.create(changes)))

    names = list(prompts)
    margins: list[float] = []
    for name, slots in prompts.items():
        use()
        key = f"beam1.{name}"
        failed = attempt(lambda: dump_transcripts(ctx, model, key, **slots))
        if failed:
            ctx.record.json[key] = failed
            continue
        given = {**default_slots(model), **normal_slots(slots)}
        turn = [{"role": "user", "slots": {**given, model.prompt.PROMPT_LANGUAGE_SLOT: "spl_tokens"}}]
        context = model.prompt.encode_dialog(turn)["context_ids"]
        ctx.record.json.setdefault("prompts", {})[name] = {
            "transcribe_arguments": slots, "context_ids": plain(context),
            "context_tokens": model.tokenizer.ids_to_tokens(plain(context))}
        for i, clip in enumerate(ctx.inputs):
            answer = ctx.record.json[key]["single"][i]["y_sequence"]
            ids = torch.cat([context, torch.tensor(answer, dtype=torch.long), torch.tensor([model.tokenizer.eos_id])])[None]
            ids = ids[:, : model.transf_decoder.embedding.max_sequence_length + 1]  # untaught answers fill every position
            wave = clip.samples()
            with torch.no_grad():
                states, mask = canary_states(model, *encode_audio(model, [wave])[2:])
                scores = canary_scores(model, states, mask, ids[:, :-1])[0]
            ctx.record.array(f"{key}.single.{i}.teacher_log_probs", scores)
            if not name.startswith("untaught"):
                margins.append(margin(scores[len(context) - 1 :]))
            if name == names[0]:
                ctx.record.array(f"single.{i}.decoder_states", states[0])
    first = prompts[names[0]]
    for key, changes in (("greedy", {"strategy": "greedy", "greedy": {"temperature": None}}),
                         ("beam4", {"strategy": "beam", "beam": {"beam_size": 4, "len_pen": 0.0}}),
                         ("beam4_len_pen_1", {"strategy": "beam", "beam": {"beam_size": 4, "len_pen": 1.0}}),
                         ("beam4_n_best", {"strategy": "beam", "beam": {"beam_size": 4, "return_best_hypothesis": False}}),
                         ("greedy_confidence", {"strategy": "greedy", "confidence_cfg": confidence(True)}),
                         ("no_generation_room", {"strategy": "beam", "beam": {"beam_size": 1, "max_generation_delta": -40}})):
        def run() -> None:
            use(**changes)
            dump_transcripts(ctx, model, key, **first)

        failed = attempt(run)
        if failed:
            ctx.record.json[key] = failed
    use()
    arrays = [clip.samples() for clip in ctx.inputs]
    with silence():
        results = model.transcribe(arrays, batch_size=3, return_hypotheses=True, verbose=False, **first)
    ctx.record.json["from_arrays"] = [hypothesis(h) for h in results]
    ctx.record.json["from_arrays_by_prompt"] = array_answers(model, arrays, prompts)
    ctx.record.json["smallest_margin"] = min(margins) if margins else None


def array_answers(model: Any, arrays: list[np.ndarray], prompts: dict[str, Slots]) -> dict[str, Any]:
    """For files NeMo's loader drops every slot but languages, taskname, pnc and timestamp; for arrays all of them count."""

    def ask(slots: Slots) -> list[Any]:
        with silence():
            return [hypothesis(model.transcribe([array], batch_size=1, return_hypotheses=True, verbose=False, **slots)[0]) for array in arrays]

    return {name: attempt(lambda: ask(slots)) for name, slots in prompts.items()}  # noqa: B023 - called at once


def default_slots(model: Any) -> Slots:
    slots = dict(model.prompt.get_default_dialog_slots()[0]["slots"])
    fallback = {"source_lang": "en", "target_lang": "en", "task": "asr", "pnc": "yes", "decodercontext": "", "itn": "no",
                "timestamp": "no", "diarize": "no", "emotion": "<|emo:undefined|>"}
    return {key: fallback.get(key, "") if value is None else value for key, value in slots.items()}


def normal_slots(slots: Config) -> Slots:
    out = {("timestamp" if key == "timestamps" else key): value for key, value in slots.items()}
    return {key: ("yes" if value is True else "no" if value is False else value) for key, value in out.items()}


@case("canary-aed")
def canary1(ctx: Context) -> None:
    """Shaped like canary-1b: prompt format `canary`, aggregate tokenizer, tied head, decoder as wide as the encoder."""
    s = ctx.sizes
    width = s.d_model if s.d_model % 4 == 0 else 4 * math.ceil(s.d_model / 4)
    if width != s.d_model:
        s = replace(s, d_model=32, heads=4)
        ctx.sizes, width = s, 32
    model = build_bpe(ctx, ASR.EncDecMultiTaskModel, canary_config(
        ctx, canary_tokenizer(ctx, CANARY1_TOKENS, ("en", "de")), "canary", width, 256, None))
    exercises = []
    for clip in ctx.clips:
        base: Slots = {"source_lang": "en", "target_lang": "en", "task": "asr", "pnc": "yes"}
        exercises += [(clip, base, clip.written), (clip, {**base, "pnc": "no"}, clip.plain)]
    exercises.append((GERMAN, {"source_lang": "de", "target_lang": "de", "task": "asr", "pnc": "yes"}, GERMAN.written))
    exercises.append((ctx.clips[0], {"source_lang": "en", "target_lang": "de", "task": "ast", "pnc": "yes"}, "Das Wetter."))
    loss = teach_canary(ctx, model, exercises, 380)
    model = save(ctx, model)
    describe(ctx, model, loss, tokenizer_langs=list(model.tokenizer.langs), tokenizer_vocab_size=model.tokenizer.vocab_size,
             head_rows=model.log_softmax.mlp.layer0.weight.shape[0], special_tokens=model.tokenizer.special_tokens)
    base = {"source_lang": "en", "target_lang": "en", "task": "asr"}
    dump_canary(ctx, model, {"en_pnc": {**base, "pnc": "yes"}, "en_nopnc": {**base, "pnc": "no"},
                             "untaught_translate": {**base, "target_lang": "de", "task": "ast", "pnc": "yes"},
                             "rejected_timestamps": {**base, "pnc": "yes", "timestamps": True}})
    dump_canary_manifest(ctx, model)


def dump_canary_manifest(ctx: Context, model: Any) -> None:
    """The manifest of the documentation page: a prompt per line."""
    lines = [{"audio_filepath": ctx.audio(ctx.inputs[0]), "duration": None, "taskname": "asr", "source_lang": "en", "target_lang": "en", "pnc": "yes", "answer": "na"},
             {"audio_filepath": ctx.audio(ctx.inputs[1]), "duration": None, "taskname": "asr", "source_lang": "en", "target_lang": "en", "pnc": "no", "answer": "na"},
             {"audio_filepath": ctx.audio(GERMAN), "duration": None, "taskname": "asr", "source_lang": "de", "target_lang": "de", "pnc": "yes", "answer": "na"},
             {"audio_filepath": ctx.audio(ctx.inputs[2]), "duration": None}]
    path = ctx.work / "manifest.json"

    def run(some: list[Config]) -> Any:
        path.write_text("".join(json.dumps(line) + "\n" for line in some), "utf8")
        with silence():
            return [hypothesis(h) for h in model.transcribe(str(path), batch_size=4, return_hypotheses=True, verbose=False)]

    shown = [{**line, "audio_filepath": f"../../audio/{Path(line['audio_filepath']).name}"} for line in lines]
    ctx.record.json["manifest"] = {"lines": shown, "results": attempt(lambda: run(lines)),
                                   "with a number for duration": attempt(lambda: run([{**line, "duration": 1000} for line in lines])),
                                   "without duration": attempt(lambda: run([{k: v for k, v in line.items() if k != "duration"} for line in lines]))}


@case("canary2-aed")
def canary2(ctx: Context) -> None:
    """Shaped like canary-180m-flash: prompt format `canary2`, decoder wider than the encoder, timestamps as tokens."""
    s = ctx.sizes
    width = 40 if ctx.seed == 1 else (24 if s.d_model != 24 else 48)
    times = [f"<|{i}|>" for i in range(60)]
    defaults = [{"role": "user", "slots": {"decodercontext": "", "emotion": "<|emo:undefined|>", "source_lang": "<|en|>",
                                           "target_lang": "<|en|>", "pnc": "<|pnc|>", "itn": "<|noitn|>",
                                           "timestamp": "<|notimestamp|>", "diarize": "<|nodiarize|>"}}]
    model = build_bpe(ctx, ASR.EncDecMultiTaskModel, canary_config(
        ctx, canary_tokenizer(ctx, [*CANARY2_TOKENS, *times], ("en", "de")), "canary2", width, 256, defaults))
    base: Slots = {"decodercontext": "", "emotion": "<|emo:undefined|>", "source_lang": "en", "target_lang": "en", "pnc": "yes",
                   "itn": "no", "timestamp": "no", "diarize": "no"}
    exercises = []
    for clip in ctx.clips:
        exercises += [(clip, base, clip.written), (clip, {**base, "pnc": "no"}, clip.plain),
                      (clip, {**base, "timestamp": "yes"}, timed_words(clip))]
    exercises.append((GERMAN, {**base, "source_lang": "de", "target_lang": "de"}, GERMAN.written))
    exercises.append((ctx.clips[0], {**base, "decodercontext": "two"}, ctx.clips[0].written))
    loss = teach_canary(ctx, model, exercises, 380)
    model = save(ctx, model)
    describe(ctx, model, loss, tokenizer_langs=list(model.tokenizer.langs), tokenizer_vocab_size=model.tokenizer.vocab_size,
             head_rows=model.log_softmax.mlp.layer0.weight.shape[0], special_tokens=model.tokenizer.special_tokens)
    en = {"source_lang": "en", "target_lang": "en"}
    dump_canary(ctx, model, {"en_pnc": {**en, "pnc": "yes"}, "en_nopnc": {**en, "pnc": "no"}, "en_timestamps": {**en, "pnc": "yes", "timestamps": True},
                             "untaught_context": {**en, "pnc": "yes", "decodercontext": "just one fifty"},
                             "untaught_translate": {"source_lang": "en", "target_lang": "de", "pnc": "yes"},
                             "untaught_itn": {**en, "pnc": "yes", "itn": "yes", "diarize": "yes"}, "defaults": {},
                             "rejected_slot": {**en, "pnc": "perhaps"}})
    dump_canary_manifest(ctx, model)


def timed_words(clip: Clip, frame: float = 0.08) -> str:
    """Canary's training target with timestamps: evenly spread words, start and end in encoder frames."""
    words = clip.written.split()
    total = min(int(len(clip.samples()) / RATE / frame), 58)
    edges = [round(1 + i * (total - 2) / len(words)) for i in range(len(words) + 1)]
    return " ".join(f"<|{edges[i]}|>{word}<|{edges[i + 1]}|>" for i, word in enumerate(words))


@case("canary-bpe")
def canary_bpe(ctx: Context) -> None:
    """Tokenizer as in canary-1b-v2 (one SentencePiece with the special tokens inside), and what the published checkpoints leave alone: a transformer
    in between, norms after the layers, gelu, learned positions, a length penalty.
    Taught so little that answers run into every limit."""
    special = [*CANARY_FIRST, *CANARY2_TOKENS, *[f"<|{i}|>" for i in range(20)]]
    lines = corpus(True, [c.written for c in ctx.clips] + [GERMAN.written])
    # NeMo adds the scores of external models only where the head has as many rows as the tokenizer has pieces.
    vocab = 8 * math.ceil((ctx.sizes.written_vocab + 50) / 8)
    train_sentencepiece(ctx.work / "one", lines, vocab, symbols=special, kind=ctx.draw("bpe", "unigram"))
    tokenizer: Config = {"dir": str(ctx.work / "one"), "type": "bpe", "custom_tokenizer": {
        "_target_": "nemo.collections.common.tokenizers.canary_tokenizer.CanaryBPETokenizer", "model_path": None}}
    defaults = [{"role": "user", "slots": {"decodercontext": "", "emotion": "<|emo:happy|>", "source_lang": "<|de|>", "target_lang": "<|de|>",
                                           "pnc": "<|nopnc|>", "itn": "<|itn|>", "timestamp": "<|notimestamp|>", "diarize": "<|nodiarize|>"}}]
    width = ctx.draw(36, 24, 48)
    config = canary_config(ctx, tokenizer, "canary2", width, ctx.draw(64, 96), defaults)
    config["transf_encoder"].update(num_layers=ctx.draw(2, 1), pre_ln=ctx.draw(False, True), hidden_act=ctx.draw("gelu", "relu"), num_attention_heads=2, inner_size=50)
    config["transf_decoder"]["config_dict"].update(pre_ln=ctx.draw(False, True), hidden_act=ctx.draw("gelu", "relu"), num_layers=3, num_attention_heads=3,
                                                   inner_size=70, learn_positional_encodings=ctx.draw(True, False), num_token_types=2)
    config["decoding"] = {"strategy": "beam", "beam": {"beam_size": 3, "length_penalty": 0.8, "max_generation_delta": 5}}
    model = build_bpe(ctx, ASR.EncDecMultiTaskModel, config)
    base: Slots = {"decodercontext": "", "emotion": "<|emo:undefined|>", "source_lang": "en", "target_lang": "en", "pnc": "yes",
                   "itn": "no", "timestamp": "no", "diarize": "no"}
    loss = teach_canary(ctx, model, [(clip, base, clip.written) for clip in ctx.clips], 60)
    model = save(ctx, model)
    describe(ctx, model, loss, tokenizer_vocab_size=model.tokenizer.vocab_size, head_rows=model.log_softmax.mlp.layer0.weight.shape[0])
    en = {"source_lang": "en", "target_lang": "en"}
    dump_canary(ctx, model, {"en_pnc": {**en, "pnc": "yes"}, "untaught_de": {"source_lang": "de", "target_lang": "de", "pnc": "no"},
                             "untaught_context": {**en, "pnc": "yes", "decodercontext": "just one fifty"}, "defaults": {}})
    for name, phrases in (("boosted", {"key_phrases_list": ["river", "warm"], "context_score": 1.2}),
                          ("boosted_uniform", {"key_phrases_list": ["number two", "house"], "uniform_weights": True, "final_eos_score": 2.0})):
        beam = {"beam_size": 4, "boosting_tree": phrases, "boosting_tree_alpha": 0.6, "return_best_hypothesis": False}
        with silence():
            model.change_decoding_strategy(OmegaConf.create({"strategy": "beam", "beam": beam}))
        dump_transcripts(ctx, model, name, **en)
