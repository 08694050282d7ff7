"""FastConformer with CTC, RNNT and TDT heads, and the two hybrids."""
from __future__ import annotations

from dataclasses import replace

from cases import Context, build_bpe, case, describe, save
from configs import asr_config, bpe_tokenizer, conformer, ctc_decoding, ctc_head, hybrid_parts, mel_frontend, rnnt_decoding, rnnt_head, rnnt_loss, tdt_parts, transducer_defaults
from environment import ASR
from finish import finish_hybrid
from stages import dump_stages
from training import ctc_loss, overfit, rnnt_head_loss, sharpen
from transcripts import dump_ctc, dump_transducer


@case("fastconformer-ctc-bpe")
def fastconformer_ctc(ctx: Context) -> None:
    """Shaped like stt_en_fastconformer_ctc_large: dw_striding x8."""
    s = ctx.sizes
    folder = ctx.tokenizer()
    model = build_bpe(ctx, ASR.EncDecCTCModelBPE, asr_config(
        s, mel_frontend(s.mels), conformer(s), tokenizer=bpe_tokenizer(folder), decoder=ctc_head(s), decoding=ctc_decoding()))
    lesson = ctx.lesson(model.tokenizer.text_to_ids)
    loss = overfit(model, lesson, ctc_loss(model.decoder, lesson), 400)
    model = save(ctx, model)
    describe(ctx, model, loss)
    dump_stages(ctx, model, {"log_probs": model.decoder})
    dump_ctc(ctx, model)


@case("fastconformer-rnnt-bpe")
def fastconformer_rnnt(ctx: Context) -> None:
    """Shaped like stt_en_fastconformer_transducer_large; every RNNT beam strategy."""
    s = ctx.sizes
    folder = ctx.tokenizer()
    model = build_bpe(ctx, ASR.EncDecRNNTBPEModel, asr_config(
        s, mel_frontend(s.mels), conformer(s), tokenizer=bpe_tokenizer(folder), **transducer_defaults(s), **rnnt_head(s),
        decoding=rnnt_decoding(), loss=rnnt_loss()))
    lesson = ctx.lesson(model.tokenizer.text_to_ids)
    loss = overfit(model, lesson, rnnt_head_loss(model, lesson), 800)
    sharpen(model)
    model = save(ctx, model)
    describe(ctx, model, loss)
    dump_stages(ctx, model, decisions=True)
    dump_transducer(ctx, model)


@case("fastconformer-tdt-bpe")
def fastconformer_tdt(ctx: Context) -> None:
    """Shaped like parakeet-tdt-0.6b-v2: 128 mels, no biases, no xscaling, two LSTM layers, punctuation and capitals."""
    s = replace(ctx.sizes, mels=128 if ctx.seed == 1 else ctx.sizes.mels, pred_layers=2)
    ctx.sizes = s
    folder = ctx.tokenizer(written=True)
    model = build_bpe(ctx, ASR.EncDecRNNTBPEModel, asr_config(
        s, mel_frontend(s.mels), conformer(s, use_bias=False, xscaling=False), tokenizer=bpe_tokenizer(folder), **tdt_parts(s)))
    lesson = ctx.lesson(model.tokenizer.text_to_ids, written=True)
    loss = overfit(model, lesson, rnnt_head_loss(model, lesson), 420)
    sharpen(model, 1.5)
    model = save(ctx, model)
    describe(ctx, model, loss)
    dump_stages(ctx, model, decisions=True)
    dump_transducer(ctx, model)


@case("hybrid-rnnt-ctc")
def hybrid_rnnt(ctx: Context) -> None:
    """Shaped like stt_en_fastconformer_hybrid_large_pc; its SentencePiece model has the nmt_nfkc rules inside."""
    s = ctx.sizes
    folder = ctx.tokenizer(written=True, rule="nmt_nfkc")
    model = build_bpe(ctx, ASR.EncDecHybridRNNTCTCBPEModel, asr_config(
        s, mel_frontend(s.mels), conformer(s), tokenizer=bpe_tokenizer(folder), **transducer_defaults(s), **rnnt_head(s),
        **hybrid_parts(s), decoding=rnnt_decoding(), loss=rnnt_loss()))
    finish_hybrid(ctx, model, True, 450)


@case("hybrid-tdt-ctc")
def hybrid_tdt(ctx: Context) -> None:
    """Shaped like parakeet-tdt_ctc-110m."""
    s = ctx.sizes
    folder = ctx.tokenizer(written=True)
    model = build_bpe(ctx, ASR.EncDecHybridRNNTCTCBPEModel, asr_config(
        s, mel_frontend(s.mels), conformer(s), tokenizer=bpe_tokenizer(folder), **tdt_parts(s), **hybrid_parts(s)))
    finish_hybrid(ctx, model, True, 450)
