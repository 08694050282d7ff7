"""What NeMo's transcribe() makes of arrays and files of awkward lengths: e2e/fixtures/lengths.json.

    python make_lengths.py ../fixtures

Each is cut from, or made of repeats of, the clip `river` from where somebody speaks: a second of silence with a whisper in it, normalised, is
rounding noise. Only the file of a minute is transcribed, not the array. Reads archives and clips of e2e/fixtures, so run make_fixtures.py first.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

LENGTHS = [1, 399, 400, 401, 1599, 1600, 16001, 60 * 16000]
START = 4000
MODELS = ["fastconformer-ctc-bpe", "fastconformer-rnnt-bpe", "fastconformer-tdt-bpe", "quartznet-ctc-char", "contextnet-rnnt-bpe"]


def main(fixtures: Path) -> None:
    import nemo.collections.asr as nemo_asr
    import soundfile

    clip = soundfile.read(fixtures / "audio" / "river.wav", dtype="int16")[0]
    whole = np.tile(clip, -(-max(LENGTHS) // len(clip)) + 1)[START:]
    results: dict[str, Any] = {}
    for name in MODELS:
        with open(os.devnull, "w") as sink, contextlib.redirect_stderr(sink), contextlib.redirect_stdout(sink), tempfile.TemporaryDirectory() as folder:
            model = nemo_asr.models.ASRModel.restore_from(str(fixtures / "families" / name / "model.nemo"), map_location="cpu").eval()
            rows = []
            for length in LENGTHS:
                path = f"{folder}/{length}.wav"
                soundfile.write(path, whole[:length], 16000, subtype="PCM_16")
                row: dict[str, Any] = {"samples": length}
                for kind, audio in (("file", path), ("array", whole[:length].astype(np.float32) / 32768)):
                    if kind == "array" and length > 20000:
                        continue
                    try:
                        (h,) = model.transcribe([audio], return_hypotheses=True)
                        h = h[0] if isinstance(h, list) else h
                        row[kind] = {"text": h.text, "score": None if np.isnan(float(h.score)) else round(float(h.score), 5), "length": int(h.length)}
                    except Exception as error:  # noqa: BLE001
                        row[kind] = {"raises": f"{type(error).__name__}: {str(error)[:60]}"}
                rows.append(row)
        results[name] = rows
    (fixtures / "lengths.json").write_text(json.dumps(results, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
