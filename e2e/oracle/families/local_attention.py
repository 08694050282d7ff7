"""Long-form FastConformer: local attention, global tokens, chunked subsampling."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from cases import Context, build_bpe, case, describe, save
from configs import asr_config, bpe_tokenizer, conformer, ctc_decoding, ctc_head, mel_frontend
from environment import ASR, Config
from record import attempt, silence
from stages import dump_stages, encode_audio
from training import ctc_loss, overfit
from transcripts import dump_ctc, dump_transcripts


@case("fastconformer-local-attn")
def local_attention(ctx: Context) -> None:
    """Long-form FastConformer. model.nemo: local attention with a global token; separate.nemo: more of them with their own
    projections; global.nemo: full attention, changed to local by change_attention_model; then the chunked subsampling."""
    s = replace(ctx.sizes, layers=2, d_model=24, heads=ctx.draw(4, 3))
    ctx.sizes = s
    folder = ctx.tokenizer()

    def make(**encoder: Any) -> Any:
        return build_bpe(ctx, ASR.EncDecCTCModelBPE, asr_config(
            s, mel_frontend(s.mels), conformer(s, **encoder), tokenizer=bpe_tokenizer(folder), decoder=ctc_head(s), decoding=ctc_decoding()))

    window = list(s.local)
    local = make(self_attention_model="rel_pos_local_attn", att_context_size=window, global_tokens=1, global_tokens_spacing=1,
                 global_attn_separate=False)
    lesson = ctx.lesson(local.tokenizer.text_to_ids)
    loss = overfit(local, lesson, ctc_loss(local.decoder, lesson), 350)
    whole = make()
    separate = make(self_attention_model="rel_pos_local_attn", att_context_size=window, global_tokens=2, global_tokens_spacing=3,
                    global_attn_separate=True)
    for model in (whole, separate):
        model.load_state_dict(local.state_dict(), strict=False)
    separate, whole, local = save(ctx, separate, "separate.nemo"), save(ctx, whole, "global.nemo"), save(ctx, local)
    describe(ctx, local, loss, window=window)
    dump_stages(ctx, local, {"log_probs": local.decoder})
    dump_ctc(ctx, local)
    waves = [clip.samples() for clip in ctx.inputs]

    def encoded(model: Any, name: str) -> None:
        for i, wave in enumerate(waves):
            ctx.record.array(f"{name}.single.{i}.encoded", encode_audio(model, [wave])[2][0])
        ctx.record.array(f"{name}.batch.encoded", encode_audio(model, waves)[2])
        dump_transcripts(ctx, model, f"{name}.greedy")

    encoded(separate, "separate")
    encoded(whole, "global")
    for name, kind, context in (("changed_to_local", "rel_pos_local_attn", window), ("changed_to_local_128", "rel_pos_local_attn", [128, 128]),
                                ("changed_back", "rel_pos", [-1, -1])):
        with silence():
            whole.change_attention_model(kind, context)
        whole.eval()  # the new attention modules come in training mode, with dropout
        encoded(whole, name)
    reference = encode_audio(whole, waves)[2]
    chunked: Config = {}
    for factor in (1, 2, 4, -1, 3):
        def run() -> Config:
            with silence():
                whole.change_subsampling_conv_chunking_factor(factor)
                single = [encode_audio(whole, [wave])[2][0] for wave in waves]
                batch = encode_audio(whole, waves)[2]
            if factor == 2:
                for i, value in enumerate(single):
                    ctx.record.array(f"chunked_by_2.single.{i}.encoded", value)
            return {"single_max_difference": [float((a - b[:, : a.shape[1]]).abs().max()) for a, b in zip(single, reference)],
                    "batch_max_difference": float((batch - reference).abs().max())}

        chunked[str(factor)] = attempt(run)
    ctx.record.json["subsampling_conv_chunking_factor"] = chunked
