"""Collect audio and make log-mel features.

  prep.py real              read the real recordings into the shard  real.i16 / real.tsv
  prep.py manifest NAME DIR read other recordings (DIR/manifest.jsonl, as NeMo writes them) into the shard NAME
  prep.py mel NAME [V...]   log-mel of shard NAME as float16 [frames, 80], one file per version V:
                            0 = as it is, 1.. = speed, room, noise, band limit and colour drawn anew (seeded by V)
"""
import glob, json, os, random, sys, time
import numpy as np, soundfile as sf, soxr
from scipy.signal import fftconvolve
from shards import DATA, SR, Writer

RECORDINGS = os.environ.get("SOTTO_RECORDINGS", os.path.expanduser("~/sotto-train/recordings"))


def load(p):
    x, sr = sf.read(p, dtype="float32")
    if x.ndim > 1: x = x.mean(1)
    return x if sr == SR else soxr.resample(x, sr, SR, quality="HQ")


def real():
    w = Writer("real")
    ban = {json.loads(l)["text"] for l in open(RECORDINGS + "/dev/ljspeech/manifest.jsonl")}
    for d in ("speechocean762", "dctts-matthes", "picovoice-wakewords"):
        k = 0
        for l in open(f"{RECORDINGS}/train/{d}/manifest.jsonl"):
            r = json.loads(l)
            if d == "dctts-matthes" and r["text"] in ban: continue
            k += w.add(load(f"{RECORDINGS}/train/{d}/{r['audio_filepath']}"), f"{d}-{r.get('speaker', '')}", r["text"])
        print(d, k, round(w.seconds / 3600, 2), "h so far", flush=True)



def manifest(name, folder):
    """Recordings with a NeMo manifest, paths relative to it."""
    w = Writer(name); k = 0
    for l in open(f"{folder}/manifest.jsonl"):
        r = json.loads(l); k += w.add(load(f"{folder}/{r['audio_filepath']}"), f"{name}-{r.get('speaker', '')}", r["text"])
    print(name, k, "clips", round(w.seconds / 3600, 2), "h", flush=True)


def room(R):
    """A synthetic room response: direct sound and exponentially decaying noise."""
    t60 = R.uniform(.12, .6); n = int(t60 * SR)
    g = np.random.default_rng(R.randrange(1 << 30))
    h = g.standard_normal(n).astype(np.float32) * np.exp(-6.9 * np.arange(n) / n).astype(np.float32)
    h *= R.uniform(.02, .12); h[0] = 1
    return h


class Augment:
    def __init__(self, pool):
        self.rirs = []
        for f in sorted(glob.glob(RECORDINGS + "/rirs/*.flac")):
            h = load(f); p = int(np.abs(h).argmax()); h = h[max(0, p - 8): p + SR // 2]
            self.rirs.append(h / np.abs(h).max())
        self.noise = [load(f) for f in sorted(glob.glob(RECORDINGS + "/noise/*.flac"))]
        self.pool = pool

    def __call__(self, x, R):
        if R.random() < .7: x = soxr.resample(x, SR * (f := R.uniform(.88, 1.13)), SR, quality="LQ")
        n = len(x)
        if R.random() < .45:
            h = R.choice(self.rirs) if R.random() < .5 else room(R)
            x = fftconvolve(x, h)[:n].astype(np.float32)
        if R.random() < .12:  # telephone band
            x = soxr.resample(soxr.resample(x, SR, 8000, quality="LQ"), 8000, SR, quality="LQ"); n = len(x)
        if R.random() < .75:
            k = R.random()
            if k < .55: v = R.choice(self.noise); o = R.randrange(max(1, len(v) - n)); v = np.resize(v[o:o + n], n)
            elif k < .8:
                g = np.random.default_rng(R.randrange(1 << 30)); s = np.fft.rfft(g.standard_normal(n).astype(np.float32))
                s /= np.maximum(np.arange(len(s)) / n * SR, 40.) ** R.uniform(0, 1); v = np.fft.irfft(s, n)
            else: v = sum(np.resize(self.pool(R), n) for _ in range(R.randint(3, 7)))
            snr = R.uniform(3, 30)
            v = v * np.sqrt((x ** 2).mean() / ((v ** 2).mean() + 1e-9) * 10 ** (-snr / 10))
            x = x + v.astype(np.float32)
        return x.astype(np.float32)


def mel(name, versions):
    import torch
    torch.set_num_threads(1)
    import logging; logging.disable(logging.WARNING)
    from nemo.collections.asr.modules import AudioToMelSpectrogramPreprocessor
    pp = AudioToMelSpectrogramPreprocessor(sample_rate=SR, normalize="NA", window_size=.025, window_stride=.01, window="hann", features=80, n_fft=512, log=True, frame_splicing=1, dither=0.0, pad_to=0).eval()
    rows = [l.rstrip("\n").split("\t") for l in open(f"{DATA}/{name}.tsv")]
    raw = np.memmap(f"{DATA}/{name}.i16", dtype=np.int16, mode="r")
    get = lambda r: raw[int(r[0]): int(r[0]) + int(r[1])].astype(np.float32) / 32768
    aug = Augment(lambda R: get(R.choice(rows)))
    for v in versions:
        R = random.Random(f"{name}{v}"); t0 = time.time(); pos = 0; sec = 0
        out = open(f"{DATA}/{name}.mel{v}.f16", "wb"); idx = []
        for i in range(0, len(rows), 16):
            xs = [get(r) for r in rows[i:i + 16]]
            xs = [aug(x, R) if v > 0 else x + np.random.default_rng(i).standard_normal(len(x)).astype(np.float32) * 10 ** R.uniform(-5, -3.3) for x in xs]
            L = torch.tensor([len(x) for x in xs]); X = torch.zeros(len(xs), int(L.max()))
            for j, x in enumerate(xs): X[j, :len(x)] = torch.from_numpy(x)
            with torch.inference_mode(): M, ml = pp(input_signal=X, length=L)
            for j in range(len(xs)):
                m = M[j, :, :int(ml[j])].t().to(torch.float16).numpy()
                out.write(m.tobytes()); idx.append((pos, len(m))); pos += len(m); sec += len(m) / 100
        np.save(f"{DATA}/{name}.mel{v}.idx.npy", np.array(idx, np.int64))
        print(name, v, round(sec / 3600, 2), "h", round(sec / (time.time() - t0)), "x real time", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "real": real()
    elif sys.argv[1] == "manifest": manifest(sys.argv[2], sys.argv[3])
    else: mel(sys.argv[2], [int(v) for v in sys.argv[3:]] or [0, 1])
