#!/usr/bin/env python3
"""Makes every fixture again with one command: the families, then what other scripts make from them. Says at the end what changed and what was skipped.

    python make_everything.py [--out FOLDER] [--build-binary PROGRAM]

FOLDER is e2e/fixtures unless given; another one gets the clips of e2e/fixtures first, so that nothing is spoken anew. PROGRAM is KenLM's
`build_binary`, for the binaries of `kenlm`. Versions and seeds are written into every expected.json and into families/index.json.
"""
from __future__ import annotations

import argparse
import filecmp
import importlib.util
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"

# Script, its arguments, and what it needs: a package of Python, or the programs build_binary and ffmpeg.
SCRIPTS: list[tuple[str, list[str], str | None]] = [
    ("make_fixtures.py", ["--out", "{out}"], None),
    ("make_archives.py", ["--out", "{out}/archive"], "safetensors"),
    ("make_hat.py", ["{out}/heads"], None),
    ("make_fusion.py", ["{out}/fusion"], None),
    ("make_decoding_options.py", ["{out}"], None),
    ("make_decoding_sweep.py", ["{out}"], None),
    ("make_partial.py", ["{out}"], None),
    ("make_media.py", [], "ffmpeg"),
    ("make_kenlm.py", ["{out}", "{build_binary}"], "build_binary"),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FIXTURES)
    parser.add_argument("--build-binary", default=shutil.which("build_binary"))
    args = parser.parse_args()
    out = args.out.resolve()
    if out != FIXTURES:
        shutil.copytree(FIXTURES / "audio", out / "audio", dirs_exist_ok=True)
    failed = []
    for script, arguments, needs in SCRIPTS:
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
    if out != FIXTURES:
        compare(out)
    return 1 if failed else 0


def is_there(needs: str, args: argparse.Namespace) -> bool:
    if needs == "build_binary":
        return bool(args.build_binary)
    if needs == "ffmpeg":  # and its script writes into the repository only
        return shutil.which("ffmpeg") is not None and args.out.resolve() == FIXTURES
    return importlib.util.find_spec(needs) is not None


def compare(out: Path) -> None:
    """What differs from the repository's set, file by file."""
    made = [path.relative_to(out) for path in sorted(out.rglob("*")) if path.is_file()]
    different = [path for path in made if (FIXTURES / path).exists() and not filecmp.cmp(out / path, FIXTURES / path, shallow=False)]
    new = [path for path in made if not (FIXTURES / path).exists()]
    print(f"{len(made)} files, {len(made) - len(different) - len(new)} equal to the repository's")
    for title, paths in (("different", different), ("not in the repository", new)):
        for path in paths:
            print(f"{title}: {path}")


if __name__ == "__main__":
    sys.exit(main())
