"""Buffered and chunked inference of a recording longer than a model's window."""
from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import nemo
import numpy as np
import soundfile
import torch

from cases import Context, case, save
from environment import ASR, Config, RATE
from families.long_form_merging import lcs_examples, stream_with_context
from record import attempt, hypothesis, plain, silence
from training import Lesson, Loss, ctc_loss, features_of, rnnt_head_loss, set_norm_mode, without_dropout
from transcripts import merged


def long_recording(ctx: Context, seconds: float = 20.0) -> tuple[np.ndarray, list[Config]]:
    """The set's clips again and again with pauses, in an order by chance, a little faster or slower in level."""
    draw = random.Random(f"{ctx.seed}/long")
    pieces: list[np.ndarray] = [np.zeros(int(0.3 * RATE), np.float32)]
    recipe: list[Config] = []
    while sum(map(len, pieces)) < seconds * RATE:
        clip = draw.choice(ctx.clips)
        begin = sum(map(len, pieces))
        gap = draw.choice((0.2, 0.5, 0.9))
        pieces += [clip.samples(), np.zeros(int(gap * RATE), np.float32)]
        recipe.append({"clip": clip.name, "begin_sample": begin, "text": clip.plain})
    wave = np.concatenate(pieces)[: int(seconds * RATE)]
    noise = np.random.default_rng(ctx.seed).normal(0, 2e-4, len(wave)).astype(np.float32)
    return np.round((wave + noise) * 32767) / 32768, recipe


def practise(ctx: Context, model: Any, encode: Callable[[str], list[int]], loss_for: Callable[[Any, Lesson], Loss], written: bool,
             steps: int = 600, lr: float = 2.5e-3) -> float:
    """Goes on training a model on windows of several clips with pauses, so that it can read a long recording."""
    draw = random.Random(f"{ctx.seed}/practise")
    batches = []
    for _ in range(8):
        waves, tokens = [], []
        for _ in range(4):
            chosen = [draw.choice(ctx.clips) for _ in range(draw.choice((1, 2, 3)))]
            parts = [np.zeros(int(draw.uniform(0, 0.8) * RATE), np.float32)]
            for clip in chosen:
                parts += [clip.samples(), np.zeros(int(draw.choice((0.2, 0.5, 0.9)) * RATE), np.float32)]
            wave = np.concatenate(parts)
            waves.append(wave + np.random.default_rng(draw.randrange(1 << 30)).normal(0, 2e-4, len(wave)).astype(np.float32))
            tokens.append([i for clip in chosen for i in encode(clip.written if written else clip.plain)])
        lesson = Lesson(waves, tokens)
        batches.append((*features_of(model, waves), loss_for(model, lesson)))
    model.train()
    without_dropout(model)
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=lr, weight_decay=1e-3)
    total = 0.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1.0, (step + 1) / 10) * max(0.5 * (1 + math.cos(math.pi * step / steps)), 0.03)
        if step == steps * 2 // 3:
            set_norm_mode(model, False)
        features, lengths, loss_of = batches[step % len(batches)]
        loss = loss_of(*model.encoder(audio_signal=features, length=lengths))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        total = 0.9 * total + 0.1 * float(loss.detach())
    model.eval()
    return total


@case("long-form")
def long_form(ctx: Context) -> None:
    """Buffered and chunked inference of a 20 s file; ctc.nemo, rnnt.nemo and tdt.nemo are this set's FastConformers trained on for long audio."""
    from nemo.collections.asr.parts.utils import streaming_utils as su

    ctx.folder.mkdir(parents=True, exist_ok=True)
    wave, recipe = long_recording(ctx)
    path = ctx.folder / "long.wav"
    soundfile.write(path, wave, RATE, subtype="PCM_16")
    record = ctx.record
    results: Config = {}

    def load(case_name: str) -> Any:
        with silence():
            return ASR.ASRModel.restore_from(str(ctx.out / case_name / "model.nemo"), map_location="cpu").eval()

    ctc, rnnt, tdt = load("fastconformer-ctc-bpe"), load("fastconformer-rnnt-bpe"), load("fastconformer-tdt-bpe")
    losses = {"ctc": practise(ctx, ctc, ctc.tokenizer.text_to_ids, lambda m, lesson: ctc_loss(m.decoder, lesson), False),
              "rnnt": practise(ctx, rnnt, rnnt.tokenizer.text_to_ids, rnnt_head_loss, False),
              "tdt": practise(ctx, tdt, tdt.tokenizer.text_to_ids, rnnt_head_loss, True)}
    ctc, rnnt, tdt = save(ctx, ctc, "ctc.nemo"), save(ctx, rnnt, "rnnt.nemo"), save(ctx, tdt, "tdt.nemo")
    stride = 0.08
    for chunk, total in ((1.6, 4.0), (4.0, 6.4), (8.0, 8.0)):
        tokens = math.ceil(chunk / stride)
        delay = math.ceil((chunk + (total - chunk) / 2) / stride)
        key = f"chunk{chunk}-buffer{total}"

        def buffered_ctc() -> Config:
            with silence():
                asr = su.FrameBatchASR(asr_model=ctc, frame_len=chunk, total_buffer=total, batch_size=4)
                asr.read_audio_file(str(path), delay, stride)
                text, logits = asr.transcribe(tokens, delay, keep_logits=True)
            record.array(f"ctc.{key}.merged_log_probs", logits)
            return {"class": "FrameBatchASR", "tokens_per_chunk": tokens, "mid_delay": delay, "buffers": len(asr.frame_buffers), "text": getattr(text, "text", text),
                    "unmerged": plain(asr.unmerged)}

        results[f"ctc.{key}"] = attempt(buffered_ctc)
        for family, model, cls in (("rnnt", rnnt, su.BatchedFrameASRRNNT), ("tdt", tdt, su.BatchedFrameASRTDT), ("rnnt.lcs", rnnt, su.LongestCommonSubsequenceBatchedFrameASRRNNT)):
            for stateful in (False, True) if family == "rnnt" else (False,):
                def buffered() -> Config:
                    with silence():
                        cfg = merged(model, preserve_alignments=True, compute_timestamps=False, strategy="greedy", fused_batch_size=-1)
                        if family == "tdt":
                            cfg.strategy = "greedy"
                        model.change_decoding_strategy(cfg)
                        asr = cls(asr_model=model, frame_len=chunk, total_buffer=total, batch_size=1, max_steps_per_timestep=5, stateful_decoding=stateful)
                        if family == "rnnt.lcs":
                            asr.lcs_delay = math.floor((total - chunk) / stride)
                        asr.read_audio_file([str(path)], delay, stride)
                        text = asr.transcribe(tokens, delay)[0]
                    return {"class": cls.__name__, "tokens_per_chunk": tokens, "mid_delay": delay, "stateful": stateful,
                            "lcs_delay": getattr(asr, "lcs_delay", None), "text": text, "merged_ids": plain(asr.unmerged[0]),
                            "ids_per_buffer": plain([list(map(int, p)) for p in asr.all_preds[0]])}

                results[f"{family}.{key}{'.stateful' if stateful else ''}"] = attempt(buffered)
    for name, cls, model in (("chunked.ctc", su.FrameBatchChunkedCTC, ctc), ("chunked.rnnt", su.FrameBatchChunkedRNNT, rnnt)):
        def chunked() -> Config:
            with silence():
                if model is rnnt:
                    model.change_decoding_strategy(merged(model, strategy="greedy_batch", preserve_alignments=False))
                asr = cls(asr_model=model, frame_len=10.0, total_buffer=10.0, batch_size=2)
                asr.read_audio_file(str(path), 0, stride)
                found = asr.transcribe(None, None)
            return {"class": cls.__name__, "chunk": 10.0, "result": hypothesis(found) if hasattr(found, "text") else plain(found)}

        results[name] = attempt(chunked)
    for family, model in (("rnnt", rnnt), ("tdt", tdt)):  # carried label-looping state
        for left, chunk, right in ((10.0, 2.0, 2.0), (4.0, 2.0, 1.0), (10.0, 10.0, 5.0)):
            results[f"streaming.{family}.{left}-{chunk}-{right}"] = attempt(lambda: stream_with_context(model, wave, left, chunk, right))
    for family, model in (("ctc", ctc), ("rnnt", rnnt), ("tdt", tdt)):
        def whole() -> Config:
            with silence():
                if family != "ctc":
                    model.change_decoding_strategy(merged(model, strategy="greedy_batch", preserve_alignments=False))
                return hypothesis(model.transcribe([str(path)], return_hypotheses=True, timestamps=True, verbose=False)[0])

        results[f"whole.{family}"] = attempt(whole)

        def local() -> Config:
            with silence():
                model.change_attention_model("rel_pos_local_attn", [32, 32])
                if not model.cfg.encoder.use_bias:  # NeMo 3.0.0 gives bias-free models random biases here: undo it
                    for layer in model.encoder.layers:
                        for linear in (layer.self_attn.linear_q, layer.self_attn.linear_k, layer.self_attn.linear_v, layer.self_attn.linear_out):
                            linear.bias.data.zero_()
                model.change_subsampling_conv_chunking_factor(1)
                return hypothesis(model.transcribe([str(path)], return_hypotheses=True, verbose=False)[0])

        results[f"local_attention_32_32.{family}"] = attempt(local)
    record.json.update({"case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__, "audio": "long.wav", "training_loss": losses, "recipe": recipe, "results": results,
                        "lcs_merge": lcs_examples(ctx)})
