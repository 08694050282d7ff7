"""What NeMo makes of a voice detector's scores: stretches of speech from frames, and frames from a classifier of clips."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import nemo
import numpy as np
import torch
from nemo.collections.asr.data.audio_to_label import _vad_frame_seq_collate_fn
from nemo.collections.asr.parts.utils.vad_utils import generate_vad_segment_table_per_tensor, prepare_gen_segment_table

from cases import Context, case
from environment import ASR, Config, RATE
from record import plain, silence

FRAME = 0.02  # seconds; the detector's stride of 2

POSTPROCESSING: dict[str, Config] = {
    "thresholds": {"onset": 0.5, "offset": 0.5},
    "hysteresis": {"onset": 0.9, "offset": 0.2},
    "offset above onset": {"onset": 0.4, "offset": 0.7},
    "padded": {"onset": 0.5, "offset": 0.5, "pad_onset": 0.05, "pad_offset": 0.03},
    "shrunk": {"onset": 0.4, "offset": 0.7, "pad_onset": 0.05, "pad_offset": -0.1},
    "durations": {"onset": 0.5, "offset": 0.3, "min_duration_on": 0.2, "min_duration_off": 0.2},
    "gaps first": {"onset": 0.5, "offset": 0.3, "min_duration_on": 0.2, "min_duration_off": 0.2, "filter_speech_first": False},
    "as published": {"onset": 0.4, "offset": 0.7, "pad_onset": 0.05, "pad_offset": -0.1, "min_duration_on": 0.2, "min_duration_off": 0.2,
                     "filter_speech_first": True},
    "never": {"onset": 1.0, "offset": 0.5},
    "always": {"onset": -1.0, "offset": -1.0},
}


@case("voice-activity")
def voice_activity(ctx: Context) -> None:
    """Post-processing of frame scores under many settings (scores of marblenet-frame-vad and random ones), and the scores a clip classifier
    (marblenet-classification) gives window by window."""
    stored = np.load(ctx.out / "marblenet-frame-vad" / "expected.npz")
    sequences = {f"clip {i}": stored[f"single.{i}.speech_probability"] for i in range(3)}
    generator = np.random.default_rng(ctx.seed)
    walk = np.cumsum(generator.normal(0, 0.6, 300))
    sequences["random walk"] = (1 / (1 + np.exp(-walk + walk.mean()))).astype(np.float32)
    sequences["one frame"] = np.array([0.8], np.float32)
    sequences["nothing"] = np.zeros(40, np.float32)
    ctx.record.array("sequence.random walk", sequences["random walk"])
    results: Config = {}
    for name, values in sequences.items():
        for setting, options in POSTPROCESSING.items():
            given = {**options, "frame_length_in_sec": FRAME}
            _, floats = prepare_gen_segment_table(torch.from_numpy(values), dict(given))
            table = generate_vad_segment_table_per_tensor(torch.from_numpy(values), floats)
            results.setdefault(name, {})[setting] = [row[:2] for row in plain(table)]
    ctx.record.json.update({"case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__, "frame_length_in_sec": FRAME, "settings": POSTPROCESSING,
                            "segments": results, "windows": clip_scores(ctx)})


def clip_scores(ctx: Context) -> Config:
    """As NeMo's vad_infer does it: windows centred on every shift, zeros around the recording."""
    with silence():
        model = ASR.EncDecClassificationModel.restore_from(str(ctx.out / "marblenet-classification" / "model.nemo"), map_location="cpu").eval()
    clip = ctx.inputs[1]
    settings = SimpleNamespace(featurizer=SimpleNamespace(sample_rate=RATE), window_length_in_sec=0.63, shift_length_in_sec=0.08, normalize_audio=False)
    signal = torch.from_numpy(clip.samples())
    batch: Any = [(signal, torch.tensor(len(signal)), torch.tensor(0), torch.tensor(1))]
    slices, lengths, _, _ = _vad_frame_seq_collate_fn(settings, batch)
    with torch.no_grad():
        scores = torch.stack([model(input_signal=s[None], input_signal_length=n[None])[0].softmax(-1)[1] for s, n in zip(slices, lengths)])
    ctx.record.array("window_scores", scores)
    return {"clip": clip.name, "window_length_in_sec": 0.63, "shift_length_in_sec": 0.08, "windows": len(slices)}
