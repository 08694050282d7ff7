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
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from importlib.metadata import PackageNotFoundError, version
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"

# Script, its arguments, and what it needs: packages of Python, or the programs build_binary and ffmpeg.
SCRIPTS: list[tuple[str, list[str], tuple[str, ...]]] = [
    ("make_fixtures.py", ["--out", "{out}"], ()),
    ("make_archives.py", ["--out", "{out}/archive"], ("safetensors",)),
    ("make_hat.py", ["{out}/heads"], ("kenlm",)),
    ("make_fusion.py", ["{out}/fusion"], ()),
    ("make_timestamps.py", ["{out}"], ("kaldialign",)),
    ("make_lengths.py", ["{out}"], ()),
    ("make_decoding_options.py", ["{out}"], ()),
    ("make_decoding_sweep.py", ["{out}"], ()),
    ("make_partial.py", ["{out}"], ()),
    ("make_biasing.py", ["{out}"], ()),
    ("make_streaming_beams.py", ["{out}"], ()),
    ("make_media.py", [], ("ffmpeg",)),
    ("make_kenlm.py", ["{out}", "{build_binary}"], ("build_binary", "kenlm", "flashlight")),
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
        missing = [need for need in needs if not is_there(need, args)]
        if missing:
            print(f"{script}: needs {', '.join(missing)}; skipped", flush=True)
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
    different = [path for path in made if (FIXTURES / path).exists() and not same(out / path, FIXTURES / path)]
    new = [path for path in made if not (FIXTURES / path).exists()]
    print(f"{len(made)} files, {len(made) - len(different) - len(new)} equal to the repository's")
    for path in different:
        print(f"different: {path}{apart(out / path, FIXTURES / path)}")
    for path in new:
        print(f"not in the repository: {path}")


def same(ours: Path, theirs: Path) -> bool:
    """Equal, but for what NeMo draws for an archive's members, and their times."""
    if filecmp.cmp(ours, theirs, shallow=False):
        return True
    if ours.suffix == ".nemo":
        return members(ours) == members(theirs)
    return ours.suffix == ".json" and drawn_apart(ours.read_bytes()) == drawn_apart(theirs.read_bytes())


def drawn_apart(content: bytes) -> bytes:
    return re.sub(rb"(?<![0-9a-f])[0-9a-f]{32}(?=_)", b"drawn", content)


def members(path: Path) -> dict[str, bytes]:
    """Texts without drawn names; of the weights every tensor."""
    with tarfile.open(path, "r:*") as tar:
        found = {drawn_apart(member.name.encode()).decode(): tar.extractfile(member).read() for member in tar.getmembers() if member.isfile()}
    return {name: weights_digest(content) if name.endswith(".ckpt") else drawn_apart(content) for name, content in found.items()}


def weights_digest(content: bytes) -> bytes:
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"".join(info.filename.encode() + info.CRC.to_bytes(4, "big") for info in archive.infolist() if not info.filename.endswith((".data/serialization_id", "serialization_id")))


def apart(ours: Path, theirs: Path) -> str:
    if ours.suffix == ".npz":
        return arrays_apart(ours, theirs)
    if ours.suffix == ".json":
        found = list(leaves_apart(*(json.loads(drawn_apart(path.read_bytes())) for path in (ours, theirs))))
        numbers = [abs(a - b) for _, a, b in found if isinstance(a, float) and isinstance(b, (int, float))]
        others = [where for where, a, b in found if not isinstance(a, float) or not isinstance(b, (int, float))]
        return f": {len(numbers)} fractions by at most {max(numbers, default=0):.3g}; {len(others)} others, as {', '.join(others[:3])}"
    return ""


def leaves_apart(a: Any, b: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two trees differ."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for key in a:
            yield from leaves_apart(a[key], b[key], f"{where}/{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, pair in enumerate(zip(a, b)):
            yield from leaves_apart(*pair, f"{where}/{index}")
    elif a != b:
        yield where, a, b


def arrays_apart(ours: Path, theirs: Path) -> str:
    with np.load(ours) as a, np.load(theirs) as b:
        names = [name for name in a if name in b and a[name].shape == b[name].shape]
        apart = max((float(np.abs(a[name].astype(float) - b[name]).max()) for name in names if a[name].size and a[name].dtype.kind == "f"), default=0.0)
        return f": {len(names)} of {len(b.files)} arrays have the same shape, greatest difference {apart:.3g}"


if __name__ == "__main__":
    sys.exit(main())
