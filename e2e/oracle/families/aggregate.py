"""Aggregate tokenizers and code-switching."""
from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cases import Context, build_bpe, case, describe, save
from clips import SPANISH
from configs import asr_config, conformer, ctc_decoding, ctc_head, mel_frontend, rnnt_decoding, rnnt_head, rnnt_loss, transducer_defaults
from environment import ASR, Config, RATE
from record import attempt, plain, silence
from stages import dump_stages
from texts import corpus, train_sentencepiece
from training import Lesson, ctc_loss, overfit, rnnt_head_loss, sharpen
from transcripts import dump_ctc, dump_transducer, transcribe


def aggregate_tokenizer(ctx: Context, langs: Sequence[str]) -> Config:
    parts: Config = {}
    for lang in langs:
        extra = [c.plain for c in ctx.clips] if lang == "en" else [SPANISH.plain]
        lines = corpus(False, extra, limit=2500 if lang == "en" else 0) if lang == "en" else [SPANISH.plain, *SPANISH.plain.split()] * 30
        train_sentencepiece(ctx.work / lang, lines, ctx.sizes.vocab - (24 if lang != "en" else 0), hard_vocab_limit=False)
        parts[lang] = {"dir": str(ctx.work / lang), "type": "bpe"}
    return {"type": "agg", "dir": None, "langs": parts}


@case("agg-codeswitch-ctc")
def agg_ctc(ctx: Context) -> None:
    """Aggregate tokenizer en+es; the third clip is code-switched."""
    s = ctx.sizes
    ctx.clips = (*ctx.clips[:1], SPANISH, *ctx.clips[2:])
    model = build_bpe(ctx, ASR.EncDecCTCModelBPE, asr_config(
        s, mel_frontend(s.mels), conformer(s), tokenizer=aggregate_tokenizer(ctx, ("en", "es")), decoder=ctc_head(s), decoding=ctc_decoding()))
    lesson = agg_lesson(ctx, model)
    loss = overfit(model, lesson, ctc_loss(model.decoder, lesson), 500)
    model = save(ctx, model)
    describe(ctx, model, loss, tokenizer_langs=list(model.tokenizer.langs))
    dump_stages(ctx, model, {"log_probs": model.decoder})
    dump_agg_files(ctx, model)
    with mended_aggregate(model):
        dump_ctc(ctx, model, as_arrays=True)


@contextlib.contextmanager
def mended_aggregate(model: Any) -> Iterator[None]:
    """NeMo 2.7 and 3.0 call AggregateTokenizer.tokens_to_text without its language, so that neither CTC text nor transducer
    word offsets can be made. Here it joins the pieces as ids_to_text does (▁ to space, no strip)."""
    cls = type(model.tokenizer)
    original = cls.tokens_to_text
    cls.tokens_to_text = lambda self, tokens, lang_id=None: "".join(tokens).replace("▁", " ")
    try:
        yield
    finally:
        cls.tokens_to_text = original


def dump_agg_files(ctx: Context, model: Any) -> None:
    """NeMo 3.0.0 refuses plain paths for aggregate tokenizers (its loader tokenises an empty text and wants a language);
    arrays, and manifests that name a language, work."""
    lines = [{"audio_filepath": ctx.audio(c), "duration": len(c.samples()) / RATE, "text": "", "lang": "es" if c is SPANISH else "en"} for c in ctx.inputs]
    Path("manifest.json").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf8")

    def manifest() -> Any:
        with silence():
            return [h.text for h in model.transcribe("manifest.json", batch_size=3, verbose=False)]

    ctx.record.json["from_paths"] = attempt(lambda: [h.text for h in transcribe(ctx, model)])
    ctx.record.json["from_arrays"] = attempt(lambda: [h.text for h in transcribe(ctx, model, as_arrays=True)])
    ctx.record.json["from_arrays_with_timestamps"] = attempt(lambda: [h.text for h in transcribe(ctx, model, as_arrays=True, timestamps=True)])
    ctx.record.json["from_manifest_with_lang"] = attempt(manifest)
    model.eval()


def agg_lesson(ctx: Context, model: Any) -> Lesson:
    encode = model.tokenizer.text_to_ids
    words = ctx.clips[2].plain.split()
    tokens = [encode(c.plain, "es" if c is SPANISH else "en") for c in ctx.clips]
    tokens[2] = encode(" ".join(words[:3]), "en") + encode("casa", "es") + encode(" ".join(words[3:]), "en")
    return Lesson([c.samples() for c in ctx.clips], tokens)


@case("agg-codeswitch-rnnt")
def agg_rnnt(ctx: Context) -> None:
    """The same with an RNNT head and compute_langs."""
    s = ctx.sizes
    ctx.clips = (*ctx.clips[:1], SPANISH, *ctx.clips[2:])
    model = build_bpe(ctx, ASR.EncDecRNNTBPEModel, asr_config(
        s, mel_frontend(s.mels), conformer(s), tokenizer=aggregate_tokenizer(ctx, ("en", "es")), **transducer_defaults(s), **rnnt_head(s),
        decoding=rnnt_decoding(compute_langs=True), loss=rnnt_loss()))
    lesson = agg_lesson(ctx, model)
    loss = overfit(model, lesson, rnnt_head_loss(model, lesson), 400)
    sharpen(model)
    model = save(ctx, model)
    describe(ctx, model, loss, tokenizer_langs=list(model.tokenizer.langs))
    dump_stages(ctx, model, decisions=True)
    dump_agg_files(ctx, model)
    with mended_aggregate(model):
        dump_transducer(ctx, model, beams=False, as_arrays=True)
    for i in range(3):
        ids = ctx.record.json["greedy"]["single"][i]["y_sequence"]
        ctx.record.json.setdefault("language_of_ids", []).append({
            "ids": ids, "text": model.tokenizer.ids_to_text(ids), "lang": attempt(lambda: model.tokenizer.ids_to_lang(ids)),
            "text_and_langs": attempt(lambda: plain(model.tokenizer.ids_to_text_and_langs(ids))),
            "words_and_langs": attempt(lambda: plain(model.tokenizer.ids_to_words_and_langs(ids)))})
