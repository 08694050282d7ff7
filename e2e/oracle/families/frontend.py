"""The mel front end in many configurations."""
from __future__ import annotations

import nemo
import nemo.collections.asr as nemo_asr
import numpy as np
import torch

from cases import Context, case
from clips import pad_batch
from configs import mel_frontend
from environment import Config, RATE
from record import attempt, plain, silence

FRONTENDS: dict[str, Config] = {
    "mel64-win20": {"features": 64, "window_size": 0.02},
    "mel80": {"features": 80},
    "mel128": {"features": 128},
    "all-features": {"features": 64, "normalize": "all_features"},
    "none": {"features": 80, "normalize": "NA"},
    "fixed": {"features": 8, "normalize": {"fixed_mean": [-8.0 + 0.25 * i for i in range(8)], "fixed_std": [2.0 + 0.1 * i for i in range(8)]}},
    "pad-to-16": {"features": 64, "pad_to": 16},
    "pad-to-16-value": {"features": 16, "pad_to": 16, "pad_value": -1.5},
    "no-preemphasis": {"features": 64, "preemph": None},
    "preemphasis-0.5": {"features": 16, "preemph": 0.5},
    "guard-clamp-eps": {"features": 64, "normalize": "NA", "log_zero_guard_type": "clamp", "log_zero_guard_value": "eps"},
    "guard-add-tiny": {"features": 64, "normalize": "NA", "log_zero_guard_value": "tiny"},
    "guard-clamp-1e-5": {"features": 16, "normalize": "NA", "log_zero_guard_type": "clamp", "log_zero_guard_value": 1e-5},
    "hamming": {"features": 64, "window": "hamming"},
    "blackman": {"features": 16, "window": "blackman"},
    "bartlett": {"features": 16, "window": "bartlett"},
    "exact-pad": {"features": 64, "exact_pad": True},
    "frame-splicing-3": {"features": 16, "frame_splicing": 3, "normalize": "NA"},
    "magnitude": {"features": 64, "mag_power": 1.0},
    "no-mel-norm": {"features": 64, "mel_norm": None},
    "no-log": {"features": 16, "log": False, "normalize": "NA"},
    "n-fft-1024": {"features": 64, "n_fft": 1024},
    "n-fft-by-itself": {"features": 16, "n_fft": None, "window_size": 0.03, "window_stride": 0.0125},
    "band": {"features": 40, "lowfreq": 100, "highfreq": 6000},
    "8khz": {"features": 64, "sample_rate": 8000, "n_fft": 256},
    "lengths-in-samples": {"features": 16, "window_size": None, "n_window_size": 320, "window_stride": None, "n_window_stride": 200},
    "frame-splicing-2-fixed": {"features": 8, "frame_splicing": 2, "normalize": {"fixed_mean": [-7.0] * 16, "fixed_std": [2.5] * 16}},
    "frame-splicing-2-exact-pad": {"features": 16, "frame_splicing": 2, "exact_pad": True, "normalize": "all_features"},
    "root-magnitude": {"features": 16, "mag_power": 0.5},
    "deprecated": {"features": 16, "use_torchaudio": True, "stft_conv": True, "stft_exact_pad": True},
    "training-only": {"features": 16, "nb_augmentation_prob": 0.5, "nb_max_freq": 3000, "dither": 1.0},
}

MFCCS: dict[str, Config] = {
    "mfcc-64": {"window_size": 0.025, "n_mels": 64, "n_mfcc": 64},
    "mfcc-20-win20": {"window_size": 0.02, "n_mels": 40, "n_mfcc": 20},
    "mfcc-band-hamming": {"window_size": 0.025, "n_mels": 40, "n_mfcc": 13, "window": "hamming", "lowfreq": 50.0, "highfreq": 7000.0},
    "mfcc-decibels": {"n_mels": 40, "n_mfcc": 13, "log": False},
    "mfcc-no-norm": {"n_mels": 40, "n_mfcc": 13, "norm": None},
    "mfcc-no-window": {"n_mels": 40, "n_mfcc": 13, "window": None},
    "mfcc-blackman": {"n_mels": 40, "n_mfcc": 13, "window": "blackman", "n_fft": 1024},
    "mfcc-8khz": {"sample_rate": 8000, "n_mels": 40, "n_mfcc": 20},
    "mfcc-lengths-in-samples": {"n_mels": 40, "n_mfcc": 20, "window_size": None, "n_window_size": 320, "window_stride": None, "n_window_stride": 200},
}


def test_signals(ctx: Context, rate: int) -> dict[str, np.ndarray]:
    t = np.arange(int(0.5 * rate)) / rate
    impulse = np.zeros(int(0.2 * rate), np.float32)
    impulse[int(0.1 * rate)] = 1.0
    clip = ctx.clips[1].samples()[int(0.2 * RATE) : int(0.9 * RATE)]
    if rate != RATE:
        import librosa

        clip = librosa.resample(clip, orig_sr=RATE, target_sr=rate)
    return {"chirp": (0.5 * np.sin(2 * np.pi * (50 * t + (rate * 0.44 - 50) * t * t))).astype(np.float32),
            "silence": np.zeros(int(0.2 * rate), np.float32), "impulse": impulse, "clip": clip.astype(np.float32)}


@case("frontend")
def frontend(ctx: Context) -> None:
    """AudioToMelSpectrogramPreprocessor in many configurations, its lengths, filterbanks and windows; MFCC where torchaudio can be imported."""
    modules = nemo_asr.modules
    record = ctx.record
    signals = {rate: test_signals(ctx, rate) for rate in (16000, 8000)}
    for rate, group in signals.items():
        for name, wave in group.items():
            record.array(f"signal.{rate}.{name}", wave)
    results: Config = {}
    lengths = [0, 1, 2, 79, 80, 159, 160, 161, 319, 320, 399, 400, 511, 512, 799, 800, 1600, 1601, 15999, 16000, 16001]
    for name, changes in FRONTENDS.items():
        options = {k: v for k, v in mel_frontend(80).items() if k != "_target_"}
        options.update(changes)
        with silence():
            preprocessor = modules.AudioToMelSpectrogramPreprocessor(**options).eval()
        featurizer = preprocessor.featurizer
        entry: Config = {"config": changes, "hop_length": featurizer.hop_length, "win_length": featurizer.win_length, "n_fft": featurizer.n_fft, "outputs": {}}
        for kind, wave in signals[options["sample_rate"]].items():
            def run() -> Config:
                out, out_len = preprocessor(input_signal=torch.from_numpy(wave)[None], length=torch.tensor([len(wave)]))
                record.array(f"{name}.{kind}", out[0])
                return {"shape": list(out.shape), "length": int(out_len[0])}

            entry["outputs"][kind] = attempt(run)
        entry["sequence_length_of_samples"] = {str(n): int(featurizer.get_seq_len(torch.tensor([n]))[0]) for n in lengths}
        results[name] = entry
        if name in ("mel64-win20", "mel80", "mel128", "8khz", "no-mel-norm", "band"):
            record.array(f"{name}.filterbank", featurizer.fb[0])
        if name in ("mel64-win20", "mel80", "hamming", "blackman", "bartlett"):
            record.array(f"{name}.window", featurizer.window)
    with silence():
        preprocessor = modules.AudioToMelSpectrogramPreprocessor(**{k: v for k, v in mel_frontend(80).items() if k != "_target_"}).eval()
    waves = list(signals[16000].values())
    batch, batch_len = pad_batch(waves)
    out, out_len = preprocessor(input_signal=batch, length=batch_len)
    record.array("mel80.batch", out)
    results["mel80"]["batch"] = {"order": list(signals[16000]), "length": plain(out_len), "shape": list(out.shape)}
    tiny: Config = {}
    for n in (0, 1, 2, 100, 159, 160, 161, 320, 480):
        wave = torch.from_numpy(signals[16000]["clip"][2000 : 2000 + n])[None]

        def run() -> Config:
            out, out_len = preprocessor(input_signal=wave, length=torch.tensor([n]))
            record.array(f"mel80.first-{n}-samples", out[0])
            return {"shape": list(out.shape), "length": int(out_len[0]), "finite": bool(torch.isfinite(out).all())}

        tiny[str(n)] = attempt(run)
    record.json.update({"case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__, "torch": torch.__version__,
                        "defaults": mel_frontend(80), "configs": results, "very_short": {"clip_offset": 2000, "results": tiny}})
    try:
        import torchaudio
    except Exception:  # noqa: BLE001
        ctx.notes.append("torchaudio is not importable: no MFCC")
        return
    for name, options in MFCCS.items():
        mfcc = modules.AudioToMFCCPreprocessor(**options).eval()
        outputs: Config = {}
        for kind, wave in signals[options.get("sample_rate", RATE)].items():
            out, out_len = mfcc(input_signal=torch.from_numpy(wave)[None], length=torch.tensor([len(wave)]))
            record.array(f"{name}.{kind}", out[0])
            outputs[kind] = {"shape": list(out.shape), "length": int(out_len[0])}
        results[name] = {"class": "AudioToMFCCPreprocessor", "config": options, "torchaudio": torchaudio.__version__, "outputs": outputs}
