"""Transcribes the recordings of a NeMo manifest on a Ray cluster whose machines see the same folders.

    python many_files_ray.py MANIFEST FOLDER SHARDS [OPTIONS OF SOTTO...]
    ray job submit -- python many_files_ray.py all.jsonl results 64 --model model.nemo

Every shard writes FOLDER/<shard>.jsonl; started again, it goes on where it was stopped. SOTTO is the command (npx sotto).
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import ray


@ray.remote(num_cpus=1, max_retries=3, retry_exceptions=True)
def transcribe(command: list[str], manifest: str, shard: str, output: str, options: list[str]) -> str:
    line = [*command, "transcribe", "--manifest", manifest, "--shard", shard, "--output", output, *options]
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"shard {shard}: {done.stderr.strip()}")
    return output


def main() -> None:
    manifest, folder, shards, *options = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    command = shlex.split(os.environ.get("SOTTO", "npx sotto"))
    root = Path(folder).resolve()
    ray.init(include_dashboard=False)
    tasks = [
        transcribe.remote(command, str(Path(manifest).resolve()), f"{i}/{shards}", str(root / f"{i}.jsonl"), options)
        for i in range(1, int(shards) + 1)
    ]
    with open(root / "all.jsonl", "wb") as whole:
        for path in ray.get(tasks):
            # A shard beyond the last line of a short manifest has nothing to write.
            if Path(path).exists():
                whole.write(Path(path).read_bytes())


if __name__ == "__main__":
    main()
