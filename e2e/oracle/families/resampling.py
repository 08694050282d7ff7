"""Both resamplers NeMo uses, and its channel selection."""
from __future__ import annotations

import nemo
import numpy as np
import torch

from cases import Context, case
from environment import Config, RATE
from record import attempt, plain


@case("resampling")
def resampling(ctx: Context) -> None:
    """Both resamplers NeMo uses: AudioSegment (librosa, soxr_hq) and the lhotse loader that transcribe() goes through."""
    from lhotse.augmentation.torchaudio import get_or_create_resampler
    from nemo.collections.asr.parts.preprocessing.segment import AudioSegment

    record = ctx.record
    results: Config = {}
    for rate in (44100, 48000, 8000, 22050, 32000):
        t = np.arange(int(0.3 * rate)) / rate
        sweep = (0.4 * np.sin(2 * np.pi * (80 * t + (rate * 0.45 - 80) / 0.6 * t * t))).astype(np.float32)
        record.array(f"{rate}.input", sweep)
        record.array(f"{rate}.librosa", AudioSegment(sweep, rate, target_sr=RATE).samples)
        resampler = get_or_create_resampler(rate, RATE)
        record.array(f"{rate}.lhotse", resampler(torch.from_numpy(sweep)[None])[0])
        results[str(rate)] = {"samples": len(sweep), "librosa_samples": len(record.arrays[f"{rate}.librosa"]),
                              "lhotse_samples": len(record.arrays[f"{rate}.lhotse"])}
    stereo = np.stack([np.linspace(-1, 1, 400), np.full(400, 0.25)], 1).astype(np.float32)
    record.array("stereo.input", stereo)
    for selector in (None, 0, 1, "average", [0, 1]):
        def run() -> Config:
            out = AudioSegment(stereo, RATE, channel_selector=selector).samples
            record.array(f"stereo.{selector}", out)
            return {"shape": list(out.shape)}

        results[f"channel_selector={selector}"] = attempt(run)
    for dtype in (np.int16, np.int32, np.uint8):
        results[f"from {dtype.__name__}"] = attempt(lambda: plain(AudioSegment._convert_samples_to_float32(np.array([0, 1, 100, 127], dtype))))
    record.json.update({"case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__, "results": results})
