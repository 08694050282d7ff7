"""Two clips of `e2e/fixtures/audio` in the containers and encodings that people drop on a page: `e2e/fixtures/media`.

    python e2e/oracle/make_media.py

Needs ffmpeg with libmp3lame, libopus, libvorbis, libvpx and libx264. `-bitexact` keeps dates and versions out of the files, so the same
ffmpeg gives the same bytes. WAVs are of the shorter clip, because they are large.
"""

import json
import re
import subprocess
from pathlib import Path

FIXTURES = Path(__file__).parent.parent / "fixtures"
OUT = FIXTURES / "media"
PICTURE = ["-f", "lavfi", "-i", "color=c=teal:s=64x36:r=2:d=3.2"]

# file name -> (clip or None for no sound, what it is, options before the output; True: with a picture)
FILES: dict[str, tuple[str | None, str, list[str], bool]] = {
    "pcm-8k.wav": ("forty", "WAV, 16 bit, 8 kHz", ["-ar", "8000", "-c:a", "pcm_s16le"], False),
    "pcm-44k-stereo.wav": ("forty", "WAV, 16 bit, 44.1 kHz, stereo", ["-ar", "44100", "-ac", "2", "-c:a", "pcm_s16le"], False),
    "pcm-48k-24bit.wav": ("forty", "WAV, 24 bit, 48 kHz", ["-ar", "48000", "-c:a", "pcm_s24le"], False),
    "float-48k.wav": ("forty", "WAV, 32-bit float, 48 kHz", ["-ar", "48000", "-c:a", "pcm_f32le"], False),
    "flac.flac": ("morning", "FLAC, 16 kHz", ["-c:a", "flac"], False),
    "mp3.mp3": ("morning", "MP3, 64 kbit/s, 44.1 kHz", ["-ar", "44100", "-c:a", "libmp3lame", "-b:a", "64k"], False),
    "aac.m4a": ("morning", "M4A, AAC-LC, 64 kbit/s, 44.1 kHz", ["-ar", "44100", "-c:a", "aac", "-b:a", "64k"], False),
    "opus.ogg": ("morning", "Ogg, Opus, 32 kbit/s", ["-c:a", "libopus", "-b:a", "32k"], False),
    "vorbis.ogg": ("morning", "Ogg, Vorbis, 44.1 kHz", ["-ar", "44100", "-c:a", "libvorbis", "-q:a", "3"], False),
    "opus.webm": ("morning", "WebM, Opus, as MediaRecorder writes it", ["-c:a", "libopus", "-b:a", "32k"], False),
    "video.webm": ("morning", "WebM, VP8 and Opus", ["-c:v", "libvpx", "-b:v", "20k", "-c:a", "libopus", "-b:a", "32k"], True),
    "video.mp4": (
        "morning",
        "MP4, H.264 and AAC, stereo",
        ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", "-ar", "44100", "-b:a", "64k"],
        True,
    ),
    "video-flac.mkv": ("morning", "Matroska, H.264 and FLAC", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "flac"], True),
    "ac3.mkv": ("forty", "Matroska, AC-3, which browsers do not decode", ["-c:a", "ac3", "-b:a", "64k"], False),
    "picture.mp4": (None, "MP4, H.264, without sound", ["-c:v", "libx264", "-pix_fmt", "yuv420p"], True),
}


def main() -> None:
    OUT.mkdir(exist_ok=True)
    listed = {}
    for name, (clip, what, options, has_picture) in FILES.items():
        source = ["-i", str(FIXTURES / "audio" / f"{clip}.wav")] if clip else []
        picture = PICTURE if has_picture else []
        command = ["ffmpeg", "-y", "-v", "error", *source, *picture, "-map_metadata", "-1", *options]
        command += ["-shortest"] if has_picture else []
        command += ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-flags:v", "+bitexact", "-threads", "1", str(OUT / name)]
        subprocess.run(command, check=True)
        listed[name] = {"clip": clip, "what": what}
    version = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True).stdout
    about = {"made_by": re.match(r"ffmpeg version \S+", version)[0], "files": listed}
    (OUT / "media.json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
