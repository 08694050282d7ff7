"""Prompt-conditioned models: a language prompt on every encoder frame."""
from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from cases import Context, build_bpe, case, describe, save
from clips import GERMAN
from configs import asr_config, bpe_tokenizer, causal_conformer, hybrid_parts, mel_frontend, rnnt_decoding, rnnt_head, rnnt_loss, transducer_defaults
from environment import ASR
from record import attempt, silence
from stages import dump_stages
from streams import dump_streams
from training import Lesson, Loss, aligner, ctc_loss, features_of, overfit, rnnt_head_loss, sharpen, sum_losses
from transcripts import dump_transcripts, merged, transcribe

PROMPTS = {"en-US": 0, "de-DE": 1, "es-ES": 2, "fr-FR": 3, "auto": 7}


def prompt_encode(index: int) -> Callable[..., tuple[torch.Tensor, ...]]:
    def encode(model: Any, waves: Sequence[np.ndarray]) -> tuple[torch.Tensor, ...]:
        features, feature_len = features_of(model, waves)
        with torch.no_grad():
            encoded, encoded_len = model.forward(processed_signal=features, processed_signal_length=feature_len,
                                                 prompt_indices=torch.full((len(waves),), index, dtype=torch.long))
        return features, feature_len, encoded, encoded_len

    return encode


def prompt_loss(model: Any, indices: Sequence[int], inner: Loss) -> Loss:
    """Applies the language prompt (a one-hot vector on every frame) before the head."""
    one_hot = torch.nn.functional.one_hot(torch.tensor(list(indices)), model.num_prompts).float()

    def loss(encoded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        frames = encoded.transpose(1, 2)
        prompt = one_hot[:, None].expand(-1, frames.shape[1], -1)
        return inner(model.prompt_kernel(torch.cat([frames, prompt], -1)).transpose(1, 2), lengths)

    return loss


def prompted(ctx: Context, cls: Any, hybrid: bool) -> None:
    """Language prompt after the encoder; German and English written with a language tag at the end, as Nemotron does."""
    s = ctx.sizes
    ctx.clips = (*ctx.clips[:2], GERMAN, *ctx.clips[2:5])
    tags = ["<en-US>", "<de-DE>"]
    folder = ctx.tokenizer(written=True, symbols=tags, vocab=s.written_vocab + 8)
    defaults = transducer_defaults(s, initialize_prompt_feature=True, num_prompts=8, prompt_dictionary=dict(PROMPTS))
    model = build_bpe(ctx, cls, asr_config(
        s, mel_frontend(s.mels, normalize="NA"), causal_conformer(s), tokenizer=bpe_tokenizer(folder), subsampling_factor=8,
        **defaults, **rnnt_head(s), **(hybrid_parts(s) if hybrid else {}), decoding=rnnt_decoding(), loss=rnnt_loss()))
    encode = model.tokenizer.text_to_ids
    lesson = Lesson([c.samples() for c in ctx.clips], [encode(f"{c.written} {tags[c is GERMAN]}") for c in ctx.clips])
    indices = [PROMPTS["de-DE"] if c is GERMAN else PROMPTS["en-US"] for c in ctx.clips]
    either = [PROMPTS["auto"]] * len(indices)
    with contextlib.nullcontext(getattr(model, "ctc_decoder", None)) if hybrid else aligner(model, s.d_model) as head:
        losses = [rnnt_head_loss(model, lesson, early=0.0 if hybrid else 0.1), ctc_loss(head, lesson)]
        turns = [sum_losses(*(prompt_loss(model, which, loss) for loss in losses)) for which in (indices, either)]
        count = iter(range(1 << 30))
        loss = overfit(model, lesson, lambda encoded, lengths: turns[next(count) % 2](encoded, lengths), 420, target=0.03)
    sharpen(model)
    model = save(ctx, model)
    describe(ctx, model, loss, prompt_dictionary=PROMPTS)
    dump_stages(ctx, model, {"ctc_log_probs": model.ctc_decoder} if hybrid else None, decisions=True, encode=prompt_encode(PROMPTS["auto"]))
    for lang in ("auto", "en-US", "de-DE"):
        dump_transcripts(ctx, model, f"greedy.{lang}", target_lang=lang, as_arrays=True)
    dump_transcripts(ctx, model, "timestamps", target_lang="auto", timestamps=True, as_arrays=True)
    # NeMo 3.0.0 ignores target_lang for files: the loader draws "auto" by chance, else wants a language in the manifest
    ctx.record.json["files_instead_of_arrays"] = [attempt(lambda: [h.text for h in transcribe(ctx, model, target_lang="en-US")]) for _ in range(4)]
    with silence():
        model.change_decoding_strategy(merged(model, strip_lang_tags=True))
    ctx.record.json["stripped"] = attempt(lambda: dump_transcripts(ctx, model, "greedy.strip_lang_tags", target_lang="auto", as_arrays=True))
    ctx.record.json["unknown_language"] = attempt(lambda: transcribe(ctx, model, target_lang="xx-YY", as_arrays=True))
    with silence():
        # compute_timestamps left on would break streaming: NeMo 3.0.0 cannot merge a partial hypothesis whose timestamp is a dict
        model.change_decoding_strategy(merged(model, strip_lang_tags=False, compute_timestamps=False, preserve_alignments=False))
        model.set_inference_prompt("auto")
    dump_streams(ctx, model, ("rnnt",))


@case("prompt-hybrid-rnnt-ctc")
def prompt_hybrid(ctx: Context) -> None:
    """EncDecHybridRNNTCTCBPEModelWithPrompt, cache-aware; language prompt, language tags in the text."""
    prompted(ctx, ASR.EncDecHybridRNNTCTCBPEModelWithPrompt, True)


@case("prompt-rnnt-streaming")
def prompt_rnnt(ctx: Context) -> None:
    """EncDecRNNTBPEModelWithPrompt, cache-aware, as nemotron-3.5-asr-streaming."""
    prompted(ctx, ASR.EncDecRNNTBPEModelWithPrompt, False)
