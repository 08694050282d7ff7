"""The recordings the models are overfitted on: spoken here by espeak-ng and flite, so that no foreign audio is needed.

A clip that already lies in the audio folder is never spoken again: the models in the repository belong to those very samples,
and another version of a synthesiser would give others. `audio.json` says which version spoke each clip.
"""
from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import soundfile
import torch

from environment import RATE

NOISE = 3e-4  # speech synthesisers write digital silence, whose log-mel is a cliff no microphone makes


@dataclass(frozen=True)
class Clip:
    """One utterance; `plain` is what lower-case models learn, `written` what punctuated ones do."""

    name: str
    engine: str
    voice: str
    plain: str
    written: str
    words_per_minute: int = 165

    def samples(self) -> np.ndarray:
        wave, rate = soundfile.read(AUDIO.folder / f"{self.name}.wav", dtype="float32")
        assert rate == RATE and wave.ndim == 1
        return wave


@dataclass
class AudioFolder:
    """Where the clips of this run lie."""

    folder: Path = Path(__file__).resolve().parent.parent / "fixtures" / "audio"


AUDIO = AudioFolder()

# The first three of a set are the test inputs; all are used to overfit the tiny models.
CLIPS = (
    Clip("morning", "espeak-ng", "en-us", "good morning dear listeners please stay with us", "Good morning, dear listeners. Please stay with us!"),
    Clip("forty", "flite", "rms", "number two forty", "Number two forty?"),
    Clip("river", "flite", "slt", "the river was cold but the sun was warm", "The river was cold. But the sun was warm."),
    Clip("longer", "espeak-ng", "en-gb", "they could wait no longer", "They could wait no longer."),
    Clip("modern", "flite", "awb", "in a plain and modern house", "In a plain and modern house."),
    Clip("fifty", "flite", "kal16", "just one fifty", "Just one fifty."),
)
HELD_CLIPS = (
    Clip("garden", "flite", "rms", "what your garden can do for you", "What your garden? Can do for you.", 165),
    Clip("ninety", "espeak-ng", "en-us", "one ninety seven", "One, ninety seven!", 150),
    Clip("friendly", "flite", "slt", "she might even have been made a friendly offer", "She might even have been. Made a friendly offer."),
    Clip("never", "flite", "awb", "it has never been seen again", "It has never been seen again."),
    Clip("nineteen", "flite", "kal16", "page nineteen", "Page nineteen."),
    Clip("later", "espeak-ng", "en-gb", "he could come no later", "He could come no later."),
)
GERMAN = Clip("wetter", "espeak-ng", "de", "das wetter wird morgen wieder besser", "Das Wetter wird morgen wieder besser.")
SPANISH = Clip("casa", "espeak-ng", "es", "la casa verde está más cerca del mar", "La casa verde está más cerca del mar.")


def version_of(engine: str) -> str:
    told = subprocess.run([engine, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"(?:text-to-speech|version): *(?:flite-)?([\w.-]+)", told)
    return f"{engine} {found[1] if found else 'unknown'}"


def speak(clip: Clip) -> np.ndarray:
    with tempfile.TemporaryDirectory() as work:
        path = f"{work}/spoken.wav"
        if clip.engine == "flite":
            subprocess.run(["flite", "-voice", clip.voice, "-t", clip.written, "-o", path], check=True)
        else:
            subprocess.run(["espeak-ng", "-v", clip.voice, "-s", str(clip.words_per_minute), "-w", path, clip.written], check=True)
        wave, rate = soundfile.read(path, dtype="float32")
    wave = librosa.resample(wave, orig_sr=rate, target_sr=RATE) if rate != RATE else wave
    heard = np.flatnonzero(np.abs(wave) > 0.01)
    wave = wave[max(0, heard[0] - RATE // 10) : heard[-1] + RATE // 10]
    seed = sum(map(ord, clip.name))
    return wave * (0.5 / np.abs(wave).max()) + np.random.default_rng(seed).normal(0, NOISE, len(wave)).astype(np.float32)


def write_audio(folder: Path, clips: Sequence[Clip]) -> None:
    """Speaks the clips that are missing, and lists all of them in audio.json."""
    AUDIO.folder = folder
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "audio.json"
    known = {entry["file"]: entry for entry in json.loads(index.read_text("utf8"))} if index.exists() else {}
    for clip in clips:
        target = folder / f"{clip.name}.wav"
        if target.exists():
            continue
        wave = speak(clip)
        soundfile.write(target, wave, RATE, subtype="PCM_16")
        known[target.name] = {"file": target.name, "text": clip.plain, "written": clip.written, "seconds": round(len(wave) / RATE, 3),
                              "spoken_by": f"{version_of(clip.engine)}, voice {clip.voice}"}
    rows = [json.dumps(known[name], ensure_ascii=False) for name in sorted(known)]
    index.write_text("[\n " + ",\n ".join(rows) + "\n]\n", "utf8")


def pad_batch(waves: Sequence[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    lengths = torch.tensor([len(wave) for wave in waves])
    batch = torch.zeros(len(waves), int(lengths.max()))
    for row, wave in zip(batch, waves):
        row[: len(wave)] = torch.from_numpy(wave)
    return batch, lengths
