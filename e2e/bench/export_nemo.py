#!/usr/bin/env python3
"""Exports a checkpoint's encoder with NeMo's own exporter, for `npm run bench` to run beside Sotto's.

    python export_nemo.py CHECKPOINT.nemo OUT        # writes OUT/<checkpoint>.encoder.onnx

Then: npm run bench -- --model CHECKPOINT.nemo --nemo-export OUT/<checkpoint>.encoder.onnx
"""
from __future__ import annotations

import argparse
import inspect
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
    target = args.out / f"{args.checkpoint.stem}.encoder.onnx"
    # The TorchScript exporter is what NeMo's recipes use; newer versions ask for it by name.
    options = {"use_dynamo": False} if "use_dynamo" in inspect.signature(model.encoder.export).parameters else {}
    with torch.inference_mode():
        model.encoder.export(str(target), **options)
    print(f"{target}: {target.stat().st_size / 1e6:.0f} MB, {type(model).__name__}")


if __name__ == "__main__":
    main()
