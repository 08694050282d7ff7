"""What transcribe() accepts, in which order it answers, and what happens to odd inputs."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nemo
import numpy as np
import soundfile
import torch

from cases import Context, case
from environment import ASR, Config, RATE
from record import attempt, hypothesis, silence


@case("transcribe-api")
def transcribe_api(ctx: Context) -> None:
    """What transcribe() accepts, in which order it answers, and what happens to odd inputs."""
    ctx.folder.mkdir(parents=True, exist_ok=True)
    results: Config = {}
    stereo = np.stack([ctx.inputs[0].samples(), np.roll(ctx.inputs[0].samples(), 8000) * 0.5], 1)
    soundfile.write(ctx.folder / "stereo.wav", stereo, RATE, subtype="PCM_16")
    import librosa

    for rate in (8000, 44100):
        soundfile.write(ctx.folder / f"rate{rate}.wav", librosa.resample(ctx.inputs[2].samples(), orig_sr=RATE, target_sr=rate), rate, subtype="PCM_16")
    clip = ctx.inputs[1].samples()
    shorts = {"0-samples": 0, "1-sample": 1, "80-samples": 80, "160-samples": 160, "161-samples": 161, "20-ms": 320, "100-ms": 1600, "500-ms": 8000}
    for name, count in shorts.items():
        soundfile.write(ctx.folder / f"{name}.wav", clip[4000 : 4000 + count], RATE, subtype="PCM_16")
    manifest = ctx.folder / "manifest.json"
    lines = [{"audio_filepath": ctx.audio(ctx.inputs[0]), "duration": len(ctx.inputs[0].samples()) / RATE, "text": ctx.inputs[0].plain},
             {"audio_filepath": ctx.audio(ctx.inputs[2]), "duration": 1.5, "offset": 0.5, "text": ""}, {"audio_filepath": ctx.audio(ctx.inputs[1]), "duration": 100000, "text": ""}]
    models = {"ctc": "fastconformer-ctc-bpe", "rnnt": "fastconformer-rnnt-bpe", "tdt": "fastconformer-tdt-bpe", "aed": "canary2-aed"}
    for family, case_name in models.items():
        with silence():
            model = ASR.ASRModel.restore_from(str(ctx.out / case_name / "model.nemo"), map_location="cpu").eval()
        files = [ctx.audio(c) for c in ctx.inputs]
        arrays = [c.samples() for c in ctx.inputs]
        path = ctx.work / "manifest.json"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf8")

        def say(audio: Any, **options: Any) -> Any:
            def run() -> Any:
                with silence():
                    found = model.transcribe(audio, verbose=False, num_workers=0, **options)
                return {"type": type(found).__name__, "results": [hypothesis(h) if not isinstance(h, str) else h for h in found]}

            answer = attempt(run)
            model.eval()
            return answer

        tests: dict[str, Callable[[], Any]] = {
            "one path": lambda: say(files[0]), "list of paths, batch 2": lambda: say(files, batch_size=2),
            "reversed list, batch 3": lambda: say(files[::-1], batch_size=3),
            "numpy array": lambda: say(arrays[0]), "list of arrays, batch 2": lambda: say(arrays, batch_size=2),
            "tensor": lambda: say(torch.from_numpy(arrays[1])), "numpy and tensor": lambda: say([arrays[0], torch.from_numpy(arrays[1])], batch_size=2),
            "float64 array": lambda: say(arrays[1].astype(np.float64)), "int16 array": lambda: say((arrays[1] * 32767).astype(np.int16)),
            "manifest": lambda: say(str(path), batch_size=2), "empty list": lambda: say([]), "None": lambda: say(None), "missing file": lambda: say("nowhere.wav"),
            "path and array mixed": lambda: say([files[0], arrays[1]], batch_size=2),
            "stereo file": lambda: say(str(ctx.folder / "stereo.wav")), "stereo file, channel 0": lambda: say(str(ctx.folder / "stereo.wav"), channel_selector=0),
            "stereo file, channel 1": lambda: say(str(ctx.folder / "stereo.wav"), channel_selector=1), "stereo file, average": lambda: say(str(ctx.folder / "stereo.wav"), channel_selector="average"),
            "stereo array": lambda: say(stereo), "8 kHz file": lambda: say(str(ctx.folder / "rate8000.wav")), "44.1 kHz file": lambda: say(str(ctx.folder / "rate44100.wav")),
            "without lhotse": lambda: say(files, batch_size=3, use_lhotse=False) if family != "aed" else None,
            "without lhotse, 44.1 kHz file": lambda: say(str(ctx.folder / "rate44100.wav"), use_lhotse=False) if family != "aed" else None,
            "return_hypotheses": lambda: say(files[1], return_hypotheses=True), "timestamps": lambda: say(files[1], timestamps=True),
        }
        for name, count in shorts.items():
            tests[f"file of {name}"] = lambda name=name: say(str(ctx.folder / f"{name}.wav"))
            tests[f"array of {name}"] = lambda count=count: say(clip[4000 : 4000 + count])
        tests["file of 20-ms in a batch"] = lambda: say([files[0], str(ctx.folder / "20-ms.wav")], batch_size=2)
        results[family] = {"model": case_name, **{name: test() for name, test in tests.items()}}
    shown = "".join(json.dumps({**line, "audio_filepath": f"../../audio/{Path(line['audio_filepath']).name}"}) + "\n" for line in lines)
    manifest.write_text(shown, "utf8")
    ctx.record.json.update({"case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__, "short_files_are": "samples 4000.. of input 1", "results": results})
