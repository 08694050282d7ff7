"""Squeezeformer; NeMo 2.7 is the last that has it."""
from __future__ import annotations

from dataclasses import replace

from cases import Context, build_bpe, case
from configs import asr_config, bpe_tokenizer, ctc_decoding, ctc_head, mel_frontend
from environment import ASR
from finish import finish_ctc


@case("squeezeformer-ctc-bpe", nemo_major=2)
def squeezeformer(ctx: Context) -> None:
    """Squeezeformer with time reduction and recovery (NeMo 2.7.3; removed in 3.0)."""
    s = replace(ctx.sizes, layers=4)
    ctx.sizes = s
    folder = ctx.tokenizer()
    encoder = {
        "_target_": "nemo.collections.asr.modules.SqueezeformerEncoder", "feat_in": s.mels, "feat_out": -1, "n_layers": s.layers,
        "d_model": s.d_model, "adaptive_scale": True, "time_reduce_idx": ctx.draw(1, 2), "time_recovery_idx": ctx.draw(None, 3),
        "subsampling": "dw_striding", "subsampling_factor": 4, "subsampling_conv_channels": -1, "ff_expansion_factor": s.ff_expansion,
        "self_attention_model": "rel_pos", "n_heads": s.heads, "att_context_size": [-1, -1], "xscaling": True, "untie_biases": True,
        "pos_emb_max_len": 5000, "conv_kernel_size": 2 * s.kernel + 1, "conv_norm_type": "batch_norm", "dropout": 0.1,
        "dropout_emb": 0.0, "dropout_att": 0.1}
    model = build_bpe(ctx, ASR.EncDecCTCModelBPE, asr_config(
        s, mel_frontend(s.mels), encoder, tokenizer=bpe_tokenizer(folder), decoder=ctc_head(s), decoding=ctc_decoding()))
    finish_ctc(ctx, model, model.tokenizer.text_to_ids, 300)
