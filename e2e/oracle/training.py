"""Overfits a tiny model on a few clips until it prints the right text.

The transducer loss is written here in plain PyTorch: NeMo's own needs a GPU or numba, and lacks durations on the CPU.
"""
from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from clips import pad_batch


def transducer_loss(blank: dict[int, torch.Tensor], emit: dict[int, torch.Tensor], frames: torch.Tensor,
                    labels: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihood of any transducer. `blank[d]` [B,T,U+1] and `emit[d]` [B,T,U] are the log-probabilities
    of a blank and of the next label that advance d frames. RNNT: blank {1}, emit {0}. The recursion within a frame
    (emit[0]) is solved in closed form by a cumulative log-sum-exp, so that only frames are looped over."""
    some = next(iter(blank.values()))
    batch, time, width = some.shape
    floor = -1e4
    start = some.new_full((batch, width), floor)
    start[:, 0] = 0.0
    stay = emit.get(0)
    alphas: list[torch.Tensor] = []
    finals: list[torch.Tensor] = []
    for t in range(time + 1):
        arrivals = [start] if t == 0 else []
        for d, value in blank.items():
            if d and t >= d:
                arrivals.append(alphas[t - d] + value[:, t - d])
        for d, value in emit.items():
            if d and t >= d:
                moved = alphas[t - d][:, :-1] + value[:, t - d]
                arrivals.append(torch.nn.functional.pad(moved, (1, 0), value=floor))
        alpha = torch.logsumexp(torch.stack(arrivals), 0) if arrivals else some.new_full((batch, width), floor)
        finals.append(alpha)
        if t < time and stay is not None:
            along = torch.nn.functional.pad(stay[:, t].cumsum(1), (1, 0))
            alpha = along + torch.logcumsumexp(alpha - along, 1)
        alphas.append(alpha)
    stacked = torch.stack(finals, 1)
    rows = torch.arange(batch)
    return -stacked[rows, frames.clamp(max=time), labels].mean()


def transducer_log_probs(model: Any, logits: torch.Tensor, targets: torch.Tensor, durations: Sequence[int],
                         big_blanks: Sequence[int]) -> tuple[dict[int, torch.Tensor], dict[int, torch.Tensor]]:
    """Splits joint logits [B,T,U+1,V'] into what `transducer_loss` wants."""
    index = targets[:, None, :, None].expand(-1, logits.shape[1], -1, 1)
    if durations:
        tokens = logits[..., : -len(durations)].log_softmax(-1)
        spans = logits[..., -len(durations) :].log_softmax(-1)
        label = tokens[:, :, :-1].gather(3, index)[..., 0]
        blank = tokens[..., -1]
        return ({d: blank + spans[..., i] for i, d in enumerate(durations) if d},
                {d: label + spans[:, :, :-1, i] for i, d in enumerate(durations)})
    tokens = logits.log_softmax(-1)
    blanks = {1: tokens[..., -1]}
    for i, d in enumerate(big_blanks):  # counted down from the standard blank
        blanks[d] = tokens[..., -2 - i]
    return blanks, {0: tokens[:, :, :-1].gather(3, index)[..., 0]}


@dataclass
class Lesson:
    """What a model is overfitted on: waveforms and token ids."""

    waves: list[np.ndarray]
    tokens: list[list[int]]

    def targets(self, pad: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        lengths = torch.tensor([len(row) for row in self.tokens])
        batch = torch.full((len(self.tokens), int(lengths.max())), pad)
        for row, ids in zip(batch, self.tokens):
            row[: len(ids)] = torch.tensor(ids)
        return batch, lengths


@contextlib.contextmanager
def quiet_frontend(model: Any, pad_to: int | None = 0) -> Iterator[None]:
    """No dither, and the padding that transcribe() uses."""
    featurizer = getattr(model.preprocessor, "featurizer", None)
    kept = {key: getattr(featurizer, key) for key in ("dither", "pad_to") if hasattr(featurizer, key)}
    if "dither" in kept:
        featurizer.dither = 0.0
    if "pad_to" in kept and pad_to is not None:
        featurizer.pad_to = pad_to
    try:
        yield
    finally:
        for key, value in kept.items():
            setattr(featurizer, key, value)


def features_of(model: Any, waves: Sequence[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    signal, lengths = pad_batch(waves)
    with quiet_frontend(model), torch.no_grad():
        return model.preprocessor(input_signal=signal, length=lengths)


def set_norm_mode(model: torch.nn.Module, training: bool) -> None:
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.train(training)


def without_dropout(model: torch.nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
        if isinstance(module, torch.nn.LSTM):
            module.dropout = 0.0


Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def overfit(model: Any, lesson: Lesson, loss_of: Loss, steps: int, lr: float = 4e-3, target: float = 0.02,
            more_features: Sequence[torch.Tensor] = ()) -> float:
    """Adam on one fixed batch without dropout or augmentation; batch norm is frozen for the second half."""
    features, lengths = features_of(model, lesson.waves)
    kept_dropout = {m: m.dropout for m in model.modules() if isinstance(m, torch.nn.LSTM)}
    model.train()
    without_dropout(model)
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=lr, betas=(0.9, 0.98), weight_decay=1e-3)
    value = math.inf
    for step in range(steps):
        warm = min(1.0, (step + 1) / 20)
        decay = 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = lr * warm * max(decay, 0.05)
        if step == steps // 2:
            set_norm_mode(model, False)
        encoded, encoded_len = model.encoder(audio_signal=features, length=lengths)
        loss = loss_of(encoded, encoded_len)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        value = float(loss.detach())
        if value < target and step > steps * 0.6:
            break
    model.eval()
    for module, dropout in kept_dropout.items():
        module.dropout = dropout
    return value


def ctc_loss(head: Callable[..., torch.Tensor], lesson: Lesson) -> Loss:
    targets, target_len = lesson.targets()

    def loss(encoded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        log_probs = head(encoder_output=encoded)
        return torch.nn.functional.ctc_loss(log_probs.transpose(0, 1), targets, lengths, target_len,
                                            blank=log_probs.shape[-1] - 1, zero_infinity=True) * 5

    return loss


def rnnt_head_loss(model: Any, lesson: Lesson, early: float = 0.0) -> Loss:
    targets, target_len = lesson.targets()
    durations = transducer_durations(model)
    big_blanks = list(model.cfg.decoding.get("big_blank_durations") or [])

    def loss(encoded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        predicted, *_ = model.decoder.predict(targets, add_sos=True)  # forward() checks types that normed predictors do not have
        logits = raw_joint(model, encoded, predicted.transpose(1, 2))
        blank, emit = transducer_log_probs(model, logits, targets, durations, big_blanks)
        value = transducer_loss(blank, emit, lengths, target_len) / 10
        if early:  # FastEmit: favour early labels, so that a streaming model does not say everything at the end
            value = value + early * transducer_loss({d: b.detach() for d, b in blank.items()}, emit, lengths, target_len) / 10
        return value

    return loss


def sharpen(model: Any, factor: float = 3.0) -> None:
    """Scales the last layer of every head: no decision changes, all margins grow."""
    joint = getattr(model, "joint", None)
    heads = [joint.joint_net[-1]] if joint is not None else []
    heads += [head.decoder_layers[0] for head in (getattr(model, "ctc_decoder", None),) if head is not None]
    with torch.no_grad():
        for layer in heads:
            layer.weight.mul_(factor)
            layer.bias.mul_(factor)


def sum_losses(*parts: Loss) -> Loss:
    return lambda encoded, lengths: sum(part(encoded, lengths) for part in parts)


def transducer_durations(model: Any) -> list[int]:
    decoding = model.cfg.get("decoding") or {}
    return list(decoding.get("durations") or []) if decoding.get("model_type") == "tdt" else []


def raw_joint(model: Any, encoded: torch.Tensor, predicted: torch.Tensor) -> torch.Tensor:
    """Logits without NeMo's automatic log-softmax on the CPU. encoded [B,D,T], predicted [B,H,U]."""
    joint = model.joint
    frames = joint.project_encoder(encoded.transpose(1, 2))
    steps = joint.project_prednet(predicted.transpose(1, 2))
    return joint.joint_net(frames.unsqueeze(2) + steps.unsqueeze(1))


def enliven(model: torch.nn.Module) -> None:
    """Random weights that leave no path silent: zero-initialised biases and fresh batch-norm statistics get noise."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            noise = torch.randn(tensor.shape, generator=generator) if tensor.is_floating_point() else None
            if noise is None or name.startswith("preprocessor") or tensor.dim() > 2:
                continue
            if "adapter_layer" in name:  # their last layer begins as zeros
                tensor.add_(0.3 * noise)
            elif name.endswith("running_var"):
                tensor.copy_(0.5 + noise.abs())
            elif name.endswith("running_mean") or "pos_bias" in name or name.endswith("bias"):
                tensor.add_(0.3 * noise)
            elif tensor.dim() == 1:
                tensor.mul_(1 + 0.2 * noise)


@contextlib.contextmanager
def aligner(model: Any, width: int) -> Iterator[Callable[[torch.Tensor], torch.Tensor]]:
    """A CTC head for the training only: it spreads the labels over time, which a lone RNNT head may keep for the last frame."""
    model.aligner = torch.nn.Linear(width, model.tokenizer.vocab_size + 1)
    try:
        yield lambda encoder_output: model.aligner(encoder_output.transpose(1, 2)).log_softmax(-1)
    finally:
        del model.aligner
