"""Synthesise with Kokoro-82M (Apache-2.0), one core: 54 voice styles and random mixtures of two of them."""
import glob, os, random, sys, time
import numpy as np, soxr, torch
from kokoro_fast import Kokoro, TTS

from phones import kokoro
from kphon import phon
from shards import SHORT, Writer, corpus, trim

name, seed, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
V = {os.path.basename(f)[:-4]: np.fromfile(f, dtype=np.float32).reshape(-1, 256) for f in sorted(glob.glob(TTS + "/package/voices/*.bin"))}
EN = [v for v in V if v[0] in "ab"]; XX = [v for v in V if v[0] not in "ab"]
R = random.Random(seed); k = Kokoro(); w = Writer(name); t0 = time.time(); n = 0
for kind, raw, tr in corpus(seed + 1000, SHORT if sys.argv[-1] == "short" else {"lj": .36, "fortune": .34, "everyday": .16, "numeric": .09, "command": .05}):
    if time.time() - t0 > seconds: break
    a = R.choice(EN) if R.random() < .75 else R.choice(XX)
    b = R.choice(EN + XX); m = R.choice([0, 0, R.uniform(.2, .8)])
    p = phon(raw, "en" if a[0] == "b" else "en-us")
    i = min(len(p), 509) - 1
    s = V[a][i] * (1 - m) + V[b][i] * m
    f = R.choice([1.0, 1.0, R.uniform(.9, 1.12)])
    try: x, dur = k(p, s, R.uniform(.85, 1.25) / f)
    except Exception as e: print(e); continue
    x, o = trim(x.astype(np.float32), 24000); x = soxr.resample(x, 24000 * f, 16000, quality="HQ")
    w.add(x, f"kokoro-{a}" + (f"+{b}" if m else ""), tr, phones=(kokoro([c for c in p if c in k.vocab][:500], dur), o, 1 / f)); n += 1
    if n % 50 == 0: print(n, round(w.seconds / 3600, 3), "h", round(w.seconds / (time.time() - t0), 2), "x", flush=True)
