#!/usr/bin/env python3
"""Makes every fixture again with one command: the families, then what other scripts make from them. Says at the end what changed and what was skipped.

    python make_everything.py [--out FOLDER] [--only SCRIPT…] [--build-binary PROGRAM]

FOLDER is e2e/fixtures unless given; another one gets the clips of e2e/fixtures first, so that nothing is spoken anew, and the families of
e2e/fixtures where the scripts asked for read some that it lacks. PROGRAM is KenLM's `build_binary`, for the binaries of `kenlm`. What made
what: every expected.json and families/index.json have seed and versions of the families, made.json those of the other scripts.
"""
from __future__ import annotations

import argparse
import filecmp
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"

# Script, its arguments, and what it needs: a package of Python, or the programs build_binary and ffmpeg.
SCRIPTS: list[tuple[str, list[str], str | None]] = [
    ("make_fixtures.py", ["--out", "{out}"], None),
    ("make_archives.py", ["--out", "{out}/archive"], "safetensors"),
    ("make_hat.py", ["{out}/heads"], "kenlm"),
    ("make_fusion.py", ["{out}/fusion"], None),
    ("make_timestamps.py", ["{out}"], "kaldialign"),
    ("make_lengths.py", ["{out}"], None),
    ("make_decoding_options.py", ["{out}"], None),
    ("make_decoding_sweep.py", ["{out}"], None),
    ("make_partial.py", ["{out}"], None),
    ("make_biasing.py", ["{out}"], None),
    ("make_media.py", [], "ffmpeg"),
    ("make_kenlm.py", ["{out}", "{build_binary}"], "build_binary"),
]
PACKAGES = ("nemo_toolkit", "torch", "numpy", "sentencepiece", "lhotse", "librosa", "safetensors", "kenlm", "pyctcdecode", "flashlight-text", "kaldialign")
SEED = 1  # of every script


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FIXTURES)
    parser.add_argument("--only", nargs="*", default=[], help="these scripts, by a part of their name")
    parser.add_argument("--build-binary", default=shutil.which("build_binary"))
    args = parser.parse_args()
    out = args.out.resolve()
    if out != FIXTURES:
        shutil.copytree(FIXTURES / "audio", out / "audio", dirs_exist_ok=True)
        if args.only and not (out / "families").exists():
            shutil.copytree(FIXTURES / "families", out / "families")
    failed = []
    for script, arguments, needs in SCRIPTS:
        if args.only and not any(part in script for part in args.only):
            continue
        missing = needs is not None and not is_there(needs, args)
        if missing:
            print(f"{script}: needs {needs}; skipped", flush=True)
            continue
        given = [argument.format(out=out, build_binary=args.build_binary) for argument in arguments]
        for folder in given:
            if folder.startswith(str(out)):
                Path(folder).mkdir(parents=True, exist_ok=True)
        started = time.time()
        done = subprocess.run([sys.executable, str(HERE / script), *given], cwd=HERE, check=False)
        print(f"{script}: {'done' if done.returncode == 0 else 'FAILED'} after {time.time() - started:.0f} s", flush=True)
        if done.returncode:
            failed.append(script)
        elif script != "make_fixtures.py":
            write_down(out / "made.json", script)
    if out != FIXTURES:
        compare(out)
    return 1 if failed else 0


def is_there(needs: str, args: argparse.Namespace) -> bool:
    if needs == "build_binary":
        return bool(args.build_binary)
    if needs == "ffmpeg":  # and its script writes into the repository only
        return shutil.which("ffmpeg") is not None and args.out.resolve() == FIXTURES
    return importlib.util.find_spec(needs) is not None


def write_down(path: Path, script: str) -> None:
    """Seed and versions of what has just been made; other scripts keep theirs."""
    made = json.loads(path.read_text("utf8")) if path.exists() else {}
    made[script] = {"seed": SEED, "python": sys.version.split()[0], **{name: found for name in PACKAGES if (found := version_of(name))}}
    rows = ",\n ".join(f"{json.dumps(name)}: {json.dumps(made[name])}" for name in sorted(made))
    path.write_text(f"{{\n {rows}\n}}\n", "utf8")


def version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def compare(out: Path) -> None:
    """What differs from the repository's set, file by file; of arrays, by how much."""
    made = [path.relative_to(out) for path in sorted(out.rglob("*")) if path.is_file()]
    different = [path for path in made if (FIXTURES / path).exists() and not filecmp.cmp(out / path, FIXTURES / path, shallow=False)]
    new = [path for path in made if not (FIXTURES / path).exists()]
    print(f"{len(made)} files, {len(made) - len(different) - len(new)} equal to the repository's")
    for path in different:
        print(f"different: {path}{arrays_apart(out / path, FIXTURES / path) if path.suffix == '.npz' else ''}")
    for path in new:
        print(f"not in the repository: {path}")


def arrays_apart(ours: Path, theirs: Path) -> str:
    with np.load(ours) as a, np.load(theirs) as b:
        names = [name for name in a if name in b and a[name].shape == b[name].shape]
        apart = max((float(np.abs(a[name].astype(float) - b[name]).max()) for name in names if a[name].size and a[name].dtype.kind == "f"), default=0.0)
        return f": {len(names)} of {len(b.files)} arrays have the same shape, greatest difference {apart:.3g}"


if __name__ == "__main__":
    sys.exit(main())
