"""Other transducer heads: stateless predictor, multi-blank."""
from __future__ import annotations

from cases import Context, build_bpe, case
from configs import asr_config, bpe_tokenizer, conformer, mel_frontend, rnnt_decoding, rnnt_head, rnnt_loss, transducer_defaults
from environment import ASR
from finish import finish_rnnt


@case("stateless-rnnt-bpe")
def stateless(ctx: Context) -> None:
    """StatelessTransducerDecoder with layer norm."""
    s = ctx.sizes
    context = ctx.draw(2, 3)
    folder = ctx.tokenizer()
    head = rnnt_head(s)
    head["decoder"] = {"_target_": "nemo.collections.asr.modules.StatelessTransducerDecoder", "normalization_mode": "layer",
                       "context_size": context, "prednet": {"pred_hidden": s.pred, "dropout": 0.2}}
    model = build_bpe(ctx, ASR.EncDecRNNTBPEModel, asr_config(
        s, mel_frontend(s.mels), conformer(s), tokenizer=bpe_tokenizer(folder), **transducer_defaults(s), **head,
        decoding=rnnt_decoding(), loss=rnnt_loss()))
    finish_rnnt(ctx, model, model.tokenizer.text_to_ids, 650)


@case("multiblank-rnnt-bpe")
def multiblank(ctx: Context) -> None:
    """Multi-blank RNNT (big_blank_durations)."""
    s = ctx.sizes
    big = list(ctx.draw((2, 4, 8), (2, 3), (2, 4)))
    folder = ctx.tokenizer()
    model = build_bpe(ctx, ASR.EncDecRNNTBPEModel, asr_config(
        s, mel_frontend(s.mels), conformer(s), tokenizer=bpe_tokenizer(folder), **transducer_defaults(s), **rnnt_head(s, extra=len(big)),
        decoding=rnnt_decoding(model_type="multiblank", strategy="greedy", big_blank_durations=big),
        loss={"loss_name": "multiblank_rnnt", "multiblank_rnnt_kwargs": {"fastemit_lambda": 0.0, "clamp": -1.0, "big_blank_durations": big, "sigma": 0.05}}))
    finish_rnnt(ctx, model, model.tokenizer.text_to_ids, 500, beams=False)
