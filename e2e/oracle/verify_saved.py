"""Checks that NeMo restores what `sotto save` writes: for every archive of e2e/fixtures/families, the same class, the same tensors, the same answer.

    npm run build && python e2e/oracle/verify_saved.py [--only NAME…]

What NeMo itself does not restore is skipped with a line: classes that 3.0 removed, a hostile archive, a WordPiece tokenizer without the network.
"""
from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from environment import NEMO_MAJOR  # noqa: F401 - first: it quietens NeMo

import torch
from nemo.collections.asr.models import ASRModel

from record import hypothesis, silence

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = ROOT / "e2e/fixtures/families"
CLIP = ROOT / "e2e/fixtures/audio/forty.wav"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[])
    args = parser.parse_args()
    counts = {"same": 0, "skipped": 0, "DIFFERENT": 0}
    covered: set[str] = set()
    for archive in sorted(FAMILIES.glob("*/*.nemo")):
        name = f"{archive.parent.name}/{archive.name}"
        if args.only and not any(part in name for part in args.only):
            continue
        verdict, reason = verify(archive)
        counts[verdict] += 1
        if verdict == "same":
            covered.add(archive.parent.name)
        print(f"{verdict:9} {name}{f': {reason}' if reason else ''}", flush=True)
    print(f"{counts}, {len(covered)} cases")
    return 1 if counts["DIFFERENT"] else 0


def verify(archive: Path) -> tuple[str, str]:
    try:
        original = restore(archive)
    except Exception as error:  # noqa: BLE001 - NeMo's own verdict on its archive
        return "skipped", f"NeMo does not restore the original ({type(error).__name__}: {str(error).splitlines()[0][:100]})"
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "saved.nemo"
        done = subprocess.run(["node", "dist/cli/main.js", "save", str(archive), str(saved)], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return "DIFFERENT", f"not saved: {done.stderr.strip()}"
        try:
            copy = restore(saved)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            return "DIFFERENT", f"NeMo does not restore it: {error}"
    if type(copy) is not type(original):
        return "DIFFERENT", f"class {type(copy).__name__}"
    ours, theirs = copy.state_dict(), original.state_dict()
    if ours.keys() != theirs.keys():
        return "DIFFERENT", f"tensors {sorted(ours.keys() ^ theirs.keys())[:3]}"
    wrong = [key for key, value in theirs.items() if not torch.equal(value, ours[key])]
    if wrong:
        return "DIFFERENT", f"values of {wrong[:3]}"
    return ("same", "") if answer(copy) == answer(original) else ("DIFFERENT", "another answer")


def restore(archive: Path) -> Any:
    with silence():
        return ASRModel.restore_from(str(archive), map_location="cpu").eval()


def answer(model: Any) -> Any:
    """What transcribe() says, or that it refuses; classifiers of frames have none."""
    try:
        with silence(), torch.no_grad():
            return [hypothesis(h) if hasattr(h, "text") or isinstance(h, str) else str(h) for h in model.transcribe([str(CLIP)], batch_size=1)]
    except Exception as error:  # noqa: BLE001 - the same refusal counts as the same answer
        return type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
