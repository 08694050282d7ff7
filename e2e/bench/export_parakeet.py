#!/usr/bin/env python3
"""Exports a TDT checkpoint with NeMo's own exporter in the layout that parakeet.js and onnx-asr read, for `npm run bench -- --peer`.

    python export_parakeet.py CHECKPOINT.nemo OUT     # OUT/encoder-model.onnx, decoder_joint-model.onnx, vocab.txt, config.json

parakeet.js wants a predictor of two layers of 640; its own front end needs no graph.
"""
from __future__ import annotations

import argparse
import inspect
import json
import logging
from pathlib import Path

logging.disable(logging.CRITICAL)

import torch  # noqa: E402 - after NeMo's loggers are quiet
from nemo.collections.asr.models import ASRModel  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    model = ASRModel.restore_from(str(args.checkpoint), map_location="cpu").eval()
    network = model.decoder.prediction["dec_rnn"].lstm
    if (network.num_layers, network.hidden_size) != (2, 640):
        raise SystemExit(f"parakeet.js reads a predictor of 2 x 640; this one is {network.num_layers} x {network.hidden_size}.")
    # The TorchScript exporter is what NeMo's recipes use; newer versions ask for it by name.
    options = {"use_dynamo": False} if "use_dynamo" in inspect.signature(model.export).parameters else {}
    with torch.inference_mode():
        model.export(str(args.out / "model.onnx"), **options)
    pieces = model.tokenizer.vocab
    lines = [f"{piece} {index}" for index, piece in enumerate([*pieces, "<blk>"])]
    (args.out / "vocab.txt").write_text("\n".join(lines) + "\n", "utf8")
    config = {"model_type": "nemo-conformer-tdt", "features_size": model.cfg.preprocessor.features, "subsampling_factor": 8}
    (args.out / "config.json").write_text(json.dumps(config) + "\n", "utf8")
    for file in sorted(args.out.iterdir()):
        print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
