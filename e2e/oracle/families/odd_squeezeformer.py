"""Squeezeformers with reductions, widths, kernels and subsamplings drawn by chance (NeMo 2.7.3)."""
from __future__ import annotations

import random

from cases import Context, build_bpe, describe, odd_cases, save
from configs import asr_config, ctc_decoding, ctc_head, mel_frontend
from environment import ASR
from families.odd_streaming import teach
from families.published import loosen_tongue
from odd_shapes import odd_sizes
from shapes import bpe
from stages import dump_stages
from training import enliven
from transcripts import dump_ctc


def odd_squeezeformer(ctx: Context, draw: random.Random, taught: bool) -> None:
    """A Squeezeformer nobody publishes."""
    s = ctx.sizes = odd_sizes(ctx, draw)
    reduce = draw.choice((None, *range(s.layers)))
    recover = draw.choice((None, *range(reduce, s.layers))) if reduce is not None else None
    subsampling, factor = draw.choice((("dw_striding", 4), ("dw_striding", 8), ("dw_striding", 2), ("striding", 4), ("stacking", 3)))
    encoder = {
        "_target_": "nemo.collections.asr.modules.SqueezeformerEncoder", "feat_in": s.mels, "feat_out": draw.choice((-1, -1, s.d_model + 5)), "n_layers": s.layers,
        "d_model": s.d_model, "adaptive_scale": draw.random() < 0.6, "time_reduce_idx": reduce, "time_recovery_idx": recover, "subsampling": subsampling,
        "subsampling_factor": factor, "subsampling_conv_channels": draw.choice((-1, s.channels)), "ff_expansion_factor": s.ff_expansion,
        "self_attention_model": draw.choice(("rel_pos", "rel_pos", "abs_pos")), "n_heads": s.heads, "att_context_size": draw.choice(([-1, -1], [-1, -1], [5, 3], [4, -1])),
        "xscaling": draw.random() < 0.5, "untie_biases": draw.random() < 0.6, "pos_emb_max_len": 5000, "conv_kernel_size": s.kernel,
        "conv_norm_type": draw.choice(("batch_norm", "batch_norm", "layer_norm")), "dropout": 0.1, "dropout_emb": 0.0, "dropout_att": 0.1}
    width = encoder["feat_out"] if encoder["feat_out"] > 0 else s.d_model
    model = build_bpe(ctx, ASR.EncDecCTCModelBPE, asr_config(s, mel_frontend(s.mels), encoder, tokenizer=bpe(ctx), decoder=ctc_head(s, width=width), decoding=ctc_decoding()))
    enliven(model)
    loss = teach(ctx, model, 24) if taught else None
    loosen_tongue(model.eval(), ctx.inputs[1].samples())
    model = save(ctx, model)
    describe(ctx, model, loss, encoder=encoder)
    dump_stages(ctx, model, {"log_probs": model.decoder})
    dump_ctc(ctx, model)


odd_cases("odd-squeezeformer", 8, odd_squeezeformer, nemo_major=2)
