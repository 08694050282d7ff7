"""The 2020 Conformer: striding by 4, large kernel."""
from __future__ import annotations

from dataclasses import replace

from cases import Context, build_bpe, case
from configs import asr_config, bpe_tokenizer, classic_conformer, ctc_decoding, ctc_head, mel_frontend, rnnt_decoding, rnnt_head, rnnt_loss, transducer_defaults
from environment import ASR
from finish import char_ids, finish_ctc, finish_rnnt
from texts import LABELS, corpus, word_pieces


@case("conformer-ctc-char")
def conformer_ctc_char(ctx: Context) -> None:
    """Striding x4, kernel 31, characters."""
    s = ctx.sizes = replace(ctx.sizes, layers=2)
    labels = list(LABELS)
    model = build_bpe(ctx, ASR.EncDecCTCModel, asr_config(
        s, mel_frontend(s.mels), classic_conformer(s), labels=labels, decoder=ctc_head(s, len(labels), labels), decoding=ctc_decoding()))
    finish_ctc(ctx, model, char_ids(labels), 250)


@case("conformer-ctc-bpe")
def conformer_ctc_bpe(ctx: Context) -> None:
    """Striding x4, kernel 31, SentencePiece of type bpe, capitals and punctuation."""
    s = ctx.sizes = replace(ctx.sizes, layers=2)
    folder = ctx.tokenizer(written=True, kind="bpe")
    model = build_bpe(ctx, ASR.EncDecCTCModelBPE, asr_config(
        s, mel_frontend(s.mels), classic_conformer(s), tokenizer=bpe_tokenizer(folder), decoder=ctc_head(s), decoding=ctc_decoding()))
    finish_ctc(ctx, model, model.tokenizer.text_to_ids, 300, written=True)


@case("conformer-ctc-wpe")
def conformer_ctc_wpe(ctx: Context) -> None:
    """WordPiece vocabulary, read by NeMo through a BERT tokenizer."""
    s = ctx.sizes = replace(ctx.sizes, layers=2)
    folder = word_pieces(ctx.work, corpus(False, [c.plain for c in ctx.clips]), ctx.sizes.vocab + 40)
    model = build_bpe(ctx, ASR.EncDecCTCModelBPE, asr_config(
        s, mel_frontend(s.mels), classic_conformer(s), tokenizer={"dir": str(folder), "type": "wpe"}, decoder=ctc_head(s),
        decoding=ctc_decoding()))
    finish_ctc(ctx, model, model.tokenizer.text_to_ids, 200)


@case("conformer-rnnt-bpe")
def conformer_rnnt(ctx: Context) -> None:
    """Striding x4, kernel 31, RNNT head."""
    s = ctx.sizes = replace(ctx.sizes, layers=2)
    folder = ctx.tokenizer()
    model = build_bpe(ctx, ASR.EncDecRNNTBPEModel, asr_config(
        s, mel_frontend(s.mels), classic_conformer(s), tokenizer=bpe_tokenizer(folder), **transducer_defaults(s), **rnnt_head(s),
        decoding=rnnt_decoding(), loss=rnnt_loss()))
    finish_rnnt(ctx, model, model.tokenizer.text_to_ids, 330, beams=False)


@case("conformer-rnnt-char")
def conformer_rnnt_char(ctx: Context) -> None:
    """EncDecRNNTModel: labels instead of a tokenizer, as stt_zh_conformer_transducer_large."""
    s = ctx.sizes = replace(ctx.sizes, layers=2)
    labels = list(LABELS)
    model = build_bpe(ctx, ASR.EncDecRNNTModel, asr_config(
        s, mel_frontend(s.mels), classic_conformer(s), labels=labels, **transducer_defaults(s), **rnnt_head(s),
        decoding=rnnt_decoding(), loss=rnnt_loss()))
    finish_rnnt(ctx, model, char_ids(labels), 360, beams=False)
