#!/usr/bin/env python3
"""Writes a checkpoint with random weights in the shape of parakeet-tdt, for measuring where the published one is not at hand.

    python make_parakeet.py OUT.nemo [--layers 17] [--width 512]      # 17 and 512: an encoder of 110 million parameters

Random weights say nothing at all, or the same token at every frame, and then the decoding loop is not measured. So the joint is fitted on
spoken clips (`fit_joint`): it hears what differs between frames, no token is favoured, the blank wins as often as leaves `RATE_OF_TOKENS`
tokens a second, and durations are those of speech. The text is nonsense; time and memory do not know.
"""
from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "oracle"))

from environment import ASR, RATE  # noqa: E402 - the oracle's settings of NeMo come first

import soundfile  # noqa: E402
import torch  # noqa: E402
from configs import asr_config, bpe_tokenizer, conformer, mel_frontend, tdt_parts  # noqa: E402
from omegaconf import OmegaConf  # noqa: E402
from record import silence  # noqa: E402
from sizes import Sizes  # noqa: E402
from texts import train_sentencepiece  # noqa: E402

VOCABULARY = 1024
RATE_OF_TOKENS = 3.5  # a second, as English in 1024 pieces has
# How much likelier a duration is than chance, in standard deviations of a logit: steps of two to three frames on average.
DURATIONS = (-1.2, -0.4, 0.4, 0.4, 0.4)
DIRECTIONS = 48  # of the encoder's output that the joint listens to


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--layers", type=int, default=17)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    with tempfile.TemporaryDirectory() as work:
        sizes = Sizes(d_model=args.width, heads=8, layers=args.layers, channels=256, mels=128, pred=640, pred_layers=2, joint=640)
        config = asr_config(sizes, mel_frontend(128), conformer(sizes, use_bias=False, xscaling=False),
                            tokenizer=bpe_tokenizer(train_sentencepiece(Path(work) / "pieces", project_text(), VOCABULARY, kind="bpe")),
                            **tdt_parts(sizes))
        with silence():
            model = ASR.EncDecRNNTBPEModel(cfg=OmegaConf.create(config)).eval()
        fit_joint(model, len(sizes.durations))
        args.out.parent.mkdir(parents=True, exist_ok=True)
        with silence():
            model.save_to(str(args.out))
    print(f"{args.out}: {sum(p.numel() for p in model.parameters()) / 1e6:.0f} M parameters, {args.out.stat().st_size / 1e6:.0f} MB")


def project_text() -> list[str]:
    """Any English of some length gives a vocabulary: the project's own pages."""
    root = FOLDER.parent.parent
    lines = [line for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md") for line in (root / name).read_text("utf8").splitlines()]
    return ["".join(ch for ch in line.lower() if ch.isalpha() and ch.isascii() or ch == " ") for line in lines]


@torch.no_grad()
def fit_joint(model: Any, num_durations: int) -> None:
    seconds, frames, lengths = encode(model)
    flat = frames[0].T
    mean, (_, spread, directions) = flat.mean(0), torch.linalg.svd(flat - flat.mean(0), full_matrices=False)
    heard = directions[:DIRECTIONS] / (spread[:DIRECTIONS, None] / len(flat) ** 0.5)
    joint, last = model.joint.enc, model.joint.joint_net[-1]
    joint.weight.copy_(torch.randn(joint.out_features, len(heard)) / len(heard) ** 0.5 @ heard)
    joint.bias.copy_(-joint.weight @ mean)

    last.weight.normal_(0, 1)
    hidden = torch.relu(joint(flat) + model.joint.pred(model.decoder.predict(None, None, add_sos=False, batch_size=1)[0][0, -1]))
    logits = hidden @ last.weight.T
    last.weight.div_(logits.std(0)[:, None])
    last.bias.copy_(-(logits / logits.std(0)).mean(0))
    last.bias[-num_durations:] += torch.tensor(DURATIONS)

    blank, (low, high) = last.out_features - 1 - num_durations, (-10.0, 10.0)
    for _ in range(14):
        last.bias[blank] = (low + high) / 2
        hypothesis = model.decoding.rnnt_decoder_predictions_tensor(frames, lengths, return_hypotheses=True)[0]
        low, high = ((low + high) / 2, high) if len(hypothesis.y_sequence) > RATE_OF_TOKENS * seconds else (low, (low + high) / 2)
    tokens = [int(token) for token in hypothesis.y_sequence]
    print(f"{len(tokens)} tokens in {seconds:.1f} s, {len(set(tokens))} of them different")


def encode(model: Any) -> tuple[float, torch.Tensor, torch.Tensor]:
    clips = sorted((FOLDER.parent / "fixtures/audio").glob("*.wav"))
    signal = torch.cat([torch.from_numpy(soundfile.read(clip, dtype="float32")[0]) for clip in clips])[None]
    features, length = model.preprocessor(input_signal=signal, length=torch.tensor([signal.shape[1]]))
    encoded, lengths = model.encoder(audio_signal=features, length=length)
    return signal.shape[1] / RATE, encoded, lengths


if __name__ == "__main__":
    main()
