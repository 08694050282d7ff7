"""MarbleNet: speech commands style classification and frame-wise voice activity."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from cases import Context, build_bpe, case, describe, save
from clips import pad_batch
from configs import block, conv_encoder, mel_frontend
from environment import ASR, Config, RATE
from record import attempt, plain, silence
from sizes import Sizes
from stages import dump_stages, encode_audio
from training import Lesson, enliven, features_of, overfit, quiet_frontend


def marblenet(s: Sizes, f: int) -> list[Config]:
    return [block(2 * f, 1, 11, residual=False), block(f, 2, 13), block(f, 2, 15), block(f, 2, 17),
            block(2 * f, 1, 29, dilation=2, residual=False), block(2 * f, 1, 1, residual=False, separable=False)]


@case("marblenet-classification")
def classification(ctx: Context) -> None:
    """MarbleNet EncDecClassificationModel (log-mel instead of MFCC)."""
    teach_marblenet(ctx, mel_frontend(64, normalize=None))


@case("marblenet-mfcc", needs="torchaudio")
def classification_mfcc(ctx: Context) -> None:
    """MarbleNet with the MFCC front end of the published classification checkpoints."""
    teach_marblenet(ctx, {"_target_": "nemo.collections.asr.modules.AudioToMFCCPreprocessor", "window_size": 0.025, "window_stride": 0.01,
                          "window": "hann", "n_mels": 64, "n_mfcc": 64, "n_fft": 512})


def teach_marblenet(ctx: Context, preprocessor: Config) -> None:
    s = replace(ctx.sizes, mels=64)
    ctx.sizes = s
    f = 16 if ctx.seed == 1 else 20
    labels = ["background", "speech"]
    model = build_bpe(ctx, ASR.EncDecClassificationModel, {
        "sample_rate": RATE, "repeat": 2, "labels": labels, "kernel_size_factor": 1.0, "preprocessor": preprocessor,
        "encoder": conv_encoder(s, marblenet(s, f)), "decoder": {
            "_target_": "nemo.collections.asr.modules.ConvASRDecoderClassification", "feat_in": 2 * f, "num_classes": 2,
            "return_logits": True, "pooling_type": "avg"}})
    model.eval()
    enliven(model)
    waves, targets = vad_lesson(ctx)
    teach_classes(model, waves, torch.tensor(targets), lambda x, n: model.decoder(encoder_output=x))
    model = save(ctx, model)
    describe(ctx, model, labels=labels)
    dump_stages(ctx, model)
    with torch.no_grad():
        for i, clip in enumerate(ctx.inputs):
            encoded = encode_audio(model, [clip.samples()])[2]
            ctx.record.array(f"single.{i}.logits", model.decoder(encoder_output=encoded)[0])
    files = [ctx.audio(clip) for clip in ctx.inputs]
    with silence():
        ctx.record.json["transcribe"] = attempt(lambda: plain(model.transcribe(files, batch_size=1)))
        ctx.record.json["transcribe_logprobs"] = attempt(lambda: plain(model.transcribe(files, batch_size=1, logprobs=True)))


def vad_lesson(ctx: Context) -> tuple[list[np.ndarray], list[int]]:
    noise = np.random.default_rng(3).normal(0, 0.01, (3, RATE)).astype(np.float32)
    return [*(c.samples()[: 2 * RATE] for c in ctx.clips[:3]), *noise], [1, 1, 1, 0, 0, 0]


def teach_classes(model: Any, waves: list[np.ndarray], targets: torch.Tensor, scores_of: Callable[..., torch.Tensor]) -> None:
    def loss(encoded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        scores = scores_of(encoded, lengths)
        wanted = targets if scores.dim() == 2 else targets[:, None].expand(-1, scores.shape[1]).reshape(-1)
        return torch.nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), wanted)

    overfit(model, Lesson(waves, [[0]] * len(waves)), loss, 60, lr=5e-3)


@case("marblenet-frame-vad")
def frame_vad(ctx: Context) -> None:
    """Frame-VAD EncDecFrameClassificationModel, stride 2 (20 ms)."""
    s = ctx.sizes
    f = 16 if ctx.seed == 1 else 20
    labels = ["0", "1"]
    model = build_bpe(ctx, ASR.EncDecFrameClassificationModel, {
        "sample_rate": RATE, "labels": labels, "num_classes": 2, "preprocessor": mel_frontend(s.mels, normalize=None),
        "encoder": conv_encoder(s, [block(2 * f, 1, 11, stride=2, residual=False), *marblenet(s, f)[1:]]),
        "decoder": {"_target_": "nemo.collections.common.parts.MultiLayerPerceptron", "hidden_size": 2 * f, "num_classes": 2,
                    "num_layers": 1, "activation": "relu", "log_softmax": False}})
    model.eval()
    enliven(model)
    waves = [clip.samples() for clip in ctx.clips]
    level = features_of(model, waves)[0].mean(1)[:, ::2]  # speech where the log-mel level of the frame is above its median

    def loss(encoded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        scores = model.decoder(encoded.transpose(1, 2))
        wanted = (level > level[level != 0].median()).long()
        valid = torch.arange(scores.shape[1])[None] < lengths[:, None]
        return torch.nn.functional.cross_entropy(scores[valid], wanted[:, : scores.shape[1]][valid])

    overfit(model, Lesson(waves, [[0]] * len(waves)), loss, 60, lr=5e-3)
    model = save(ctx, model)
    describe(ctx, model, labels=labels)
    dump_stages(ctx, model)
    with torch.no_grad():
        for i, clip in enumerate(ctx.inputs):
            signal, lengths = pad_batch([clip.samples()])
            with quiet_frontend(model):
                logits = model.forward(input_signal=signal, input_signal_length=lengths)
            ctx.record.array(f"single.{i}.logits", logits[0])
            ctx.record.array(f"single.{i}.speech_probability", logits[0].softmax(-1)[:, 1])
