"""Cache-aware streaming FastConformers: several look-aheads; end-of-utterance tokens."""
from __future__ import annotations

from cases import Context, build_bpe, case, describe, save
from configs import asr_config, bpe_tokenizer, causal_conformer, hybrid_parts, mel_frontend, rnnt_decoding, rnnt_head, rnnt_loss, transducer_defaults
from environment import ASR, Config
from finish import dump_hybrid
from stages import dump_stages, encode_audio
from streams import dump_streams
from training import Lesson, aligner, ctc_loss, overfit, rnnt_head_loss, sharpen, sum_losses
from transcripts import dump_transcripts, dump_transducer


# of the encoder; seed 1 has the first, as published checkpoints do
OPTIONS: tuple[Config, ...] = ({}, {"subsampling_factor": 4}, {"subsampling": "striding", "subsampling_factor": 4}, {"conv_norm_type": "batch_norm"},
                               {"use_bias": False, "untie_biases": False, "xscaling": False}, {"causal_downsampling": False}, {"conv_norm_type": "group_norm2", "subsampling_factor": 4})


@case("fastconformer-streaming-hybrid")
def streaming_hybrid(ctx: Context) -> None:
    """Shaped like stt_en_fastconformer_hybrid_large_streaming_multi: several look-aheads, causal, no normalisation."""
    s = ctx.sizes
    folder = ctx.tokenizer()
    model = build_bpe(ctx, ASR.EncDecHybridRNNTCTCBPEModel, asr_config(
        s, mel_frontend(s.mels, normalize="NA"), causal_conformer(s, **ctx.draw(*OPTIONS)), tokenizer=bpe_tokenizer(folder),
        **transducer_defaults(s), **rnnt_head(s), **hybrid_parts(s), decoding=rnnt_decoding(), loss=rnnt_loss()))
    lesson = ctx.lesson(model.tokenizer.text_to_ids)
    loss = overfit(model, lesson, sum_losses(rnnt_head_loss(model, lesson), ctc_loss(model.ctc_decoder, lesson)), 650, target=0.05)
    sharpen(model)
    model = save(ctx, model)
    describe(ctx, model, loss)
    dump_hybrid(ctx, model)
    for context in s.contexts[1:]:
        model.encoder.set_default_att_context_size(list(context))
        key = f"offline.L{context[0]}R{context[1]}"
        _, _, encoded, _ = encode_audio(model, [ctx.inputs[0].samples()])
        ctx.record.array(f"{key}.encoded", encoded[0])
        dump_transcripts(ctx, model, f"{key}.greedy")
    model.encoder.set_default_att_context_size(list(s.contexts[0]))
    dump_streams(ctx, model, ("rnnt", "ctc"))


@case("eou-rnnt-streaming")
def end_of_utterance(ctx: Context) -> None:
    """Shaped like parakeet_realtime_eou_120m: a streaming RNNT whose tokenizer has <EOU> and <EOB>."""
    s = ctx.sizes
    folder = ctx.tokenizer(symbols=["<EOU>", "<EOB>"], vocab=s.vocab + 4)
    model = build_bpe(ctx, ASR.EncDecRNNTBPEModel, asr_config(
        s, mel_frontend(s.mels, normalize="NA"), causal_conformer(s, **ctx.draw(*OPTIONS)), tokenizer=bpe_tokenizer(folder), **transducer_defaults(s),
        **rnnt_head(s), decoding=rnnt_decoding(), loss=rnnt_loss()))
    encode = model.tokenizer.text_to_ids
    eou, eob = (model.tokenizer.token_to_id(token) for token in ("<EOU>", "<EOB>"))
    lesson = Lesson([c.samples() for c in ctx.clips], [encode(c.plain) + [eob if i == 1 else eou] for i, c in enumerate(ctx.clips)])
    with aligner(model, s.d_model) as aligned:
        loss = overfit(model, lesson, sum_losses(rnnt_head_loss(model, lesson, early=0.1), ctc_loss(aligned, lesson)), 520, target=0.05)
    sharpen(model)
    model = save(ctx, model)
    describe(ctx, model, loss, eou_id=eou, eob_id=eob)
    dump_stages(ctx, model, decisions=True)
    dump_transducer(ctx, model, beams=False)
    dump_streams(ctx, model, ("rnnt",))
