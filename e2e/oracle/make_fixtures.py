#!/usr/bin/env python3
"""Makes e2e/fixtures/families: tiny NeMo models saved by NeMo itself, and everything NeMo computes with them.

    python make_fixtures.py                               # the whole set of the repository (seed 1)
    python make_fixtures.py --only fastconformer canary   # cases whose name contains one of these
    python make_fixtures.py --seed 7 --out DIR            # other clips, weights and hyper-parameters, somewhere else

Seed 1 uses the base sizes of sizes.py; any other seed draws sizes, vocabularies, contexts and clips by itself. Cases marked
`nemo2` need NeMo 2.7 (classes that 3.0 removed) and are skipped, with a line, elsewhere. README.md lists the packages.
"""
from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import json
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from environment import NEMO_MAJOR  # first: it quietens NeMo

import nemo
import numpy as np
import sentencepiece
import torch

from cases import CASES, ODD, Context
from clips import CLIPS, GERMAN, HELD_CLIPS, SPANISH, write_audio
from record import Record
from sharing import share_features
from sizes import sizes_for

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"
MODELS_FIRST = ("canary-aligned", "decoding", "long-form", "transcribe-api", "voice-activity")  # these read the archives of other cases


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FIXTURES, help="gets audio/ and families/")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="run the cases whose name contains one of these; `none` only tidies")
    parser.add_argument("--keep-features", action="store_true", help="leave features in expected.npz (when several runs write the same folder)")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    for module in sorted((HERE / "families").glob("*.py")):
        importlib.import_module(f"families.{module.stem}")
    names = sorted(CASES, key=lambda name: (name in MODELS_FIRST, name))
    if args.list:
        print("\n".join(f"{name}{' (nemo2)' if CASES[name][1] == 2 else ''}{' (other seeds)' if name in ODD else ''}" for name in names))
        return 0
    out = args.out.resolve()
    clips = CLIPS if args.seed == 1 else HELD_CLIPS
    write_audio(out / "audio", [*clips, GERMAN, SPANISH])
    families = out / "families"
    if args.seed == 1:
        names = [name for name in names if name not in ODD]
    failed = [name for name in names if is_wanted(name, args.only) and not make(name, args.seed, families, clips)]
    if not args.keep_features:
        share_features(families)
    write_index(families)
    return 1 if failed else 0


def is_wanted(name: str, only: list[str]) -> bool:
    return not only or any(part == name or (part not in CASES and part in name) for part in only)


def make(name: str, seed: int, families: Path, clips: tuple) -> bool:
    """Runs one case in a folder of its own; says what it took. A failing case does not stop the others."""
    builder, major, needs = CASES[name]
    if major != NEMO_MAJOR:
        print(f"{name}: needs NeMo {major}.x, this is {nemo.__version__}; skipped", flush=True)
        return True
    if needs and importlib.util.find_spec(needs) is None:
        print(f"{name}: needs {needs}, which cannot be imported; skipped", flush=True)
        return True
    started = time.time()
    random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
    with tempfile.TemporaryDirectory() as work, contextlib.chdir(work):
        ctx = Context(name, seed, families, Path("."), sizes_for(seed, name), clips, Record(families / name))
        try:
            builder(ctx)
            for key, value in (('case', name), ('seed', seed), ('nemo', nemo.__version__), ('torch', torch.__version__)):
                ctx.record.json.setdefault(key, value)
            if ctx.notes:
                ctx.record.json["notes"] = ctx.notes
            ctx.record.write()
        except Exception:  # noqa: BLE001 - reported below
            print(f"{name}: FAILED after {time.time() - started:.0f} s", flush=True)
            traceback.print_exc()
            return False
    size = sum(f.stat().st_size for f in ctx.folder.rglob("*") if f.is_file())
    print(f"{name}: {time.time() - started:.0f} s, {size / 1e3:.0f} kB, loss {ctx.record.json.get('training_loss')}, "
          f"margin {ctx.record.json.get('smallest_margin')}", flush=True)
    return True


def write_index(families: Path) -> None:
    """index.json: what there is, and what made it. Versions are those of this run; each case also carries its own."""
    cases = {}
    for name, (builder, *_) in sorted(CASES.items()):
        path = families / name / "expected.json"
        if path.exists():
            content = json.loads(path.read_text("utf8"))
            cases[name] = {"purpose": " ".join((builder.__doc__ or "").split()), "seed": content["seed"], "nemo": content["nemo"],
                           "archives": sorted(f.name for f in path.parent.glob("*.nemo"))}
    versions = {"python": sys.version.split()[0], "torch": torch.__version__, "numpy": np.__version__, "sentencepiece": sentencepiece.__version__}
    rows = ",\n  ".join(f"{json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}" for name, row in cases.items())
    (families / "index.json").write_text(f'{{\n "versions": {json.dumps(versions)},\n "cases": {{\n  {rows}\n }}\n}}\n', "utf8")


if __name__ == "__main__":
    sys.exit(main())
