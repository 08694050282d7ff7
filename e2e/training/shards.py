"""Append-only audio shards: NAME.i16 (16 kHz int16 samples, one after another) NAME.tsv (offset, samples, voice, text) and
NAME.ph.u8 (phone tracks: samples // 160 + 1 bytes each, one every 10 ms)."""
import os
import numpy as np
from phones import track

DATA = os.environ.get("SOTTO_TRAIN_DATA", os.path.expanduser("~/sotto-train/data"))
SR = 16000


class Writer:
    def __init__(self, name):
        self.a = open(f"{DATA}/{name}.i16", "ab")
        self.t = open(f"{DATA}/{name}.tsv", "a")
        self.p = open(f"{DATA}/{name}.ph.u8", "ab")
        self.pos = self.a.tell() // 2
        self.seconds = self.pos / SR

    def add(self, x, voice, text, lo=0.3, hi=16.5, phones=None):
        """x: float (-1..1) at 16 kHz; phones: (segments, offset, scale) for phones.track. Peaks are brought to a common level; loudness is varied in training."""
        n = len(x)
        if not lo * SR <= n <= hi * SR: return False
        peak = float(np.abs(x).max())
        if peak < 1e-3: return False
        y = np.round(x * (0.5 / peak) * 32767).astype(np.int16)
        self.a.write(y.tobytes()); self.a.flush()
        self.p.write(track(*(phones or (None,))[:1], n, *(phones or ())[1:]).tobytes()); self.p.flush()
        self.t.write(f"{self.pos}\t{n}\t{voice}\t{text}\n"); self.t.flush()
        self.pos += n; self.seconds = self.pos / SR
        return True


def trim(x, sr, thr=0.004, pad=0.12):
    """Cut long digital silence at both ends. -> samples, seconds cut at the start"""
    k = np.flatnonzero(np.abs(x) > thr)
    if len(k) == 0: return x, 0.0
    p = int(pad * sr); a = max(0, k[0] - p)
    return x[a: k[-1] + p], a / sr


SHORT = {"numeric": .6, "command": .4}       # kinds of line for shards of words, letters, numbers and commands


def corpus(seed, weights):
    """Endless stream of (kind, raw, transcript), drawn by kind without repetition until a kind is used up."""
    import random
    R = random.Random(seed)
    by = {}
    for l in open(f"{DATA}/corpus.tsv"):
        k, raw, tr = l.rstrip("\n").split("\t")
        by.setdefault(k, []).append((k, raw, tr))
    for v in by.values(): R.shuffle(v)
    it = {k: 0 for k in by}
    ks = [k for k in weights if k in by]; ws = [weights[k] for k in ks]
    while True:
        k = R.choices(ks, ws)[0]
        yield by[k][it[k] % len(by[k])]
        it[k] += 1
