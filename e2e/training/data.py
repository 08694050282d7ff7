"""What a training step is made of: rows of packed utterances from all shards, and their augmentation."""
import glob, os, random
import numpy as np, torch
import torch.nn.functional as F
from phones import NONE
from shards import DATA
from teacher import DIM, FIRST, HOP

ROW = 1656              # frames of 10 ms in a row: utterances are packed into rows of one fixed shape, so torch.compile runs once
OUT = ROW // 8 + 1      # frames of the encoder in a row
SUB = 4                 # phones looked for in each of them (every 20 ms)
TEACH = 2               # frames of the teacher looked for in each of them (every 40 ms)


class Data:
    """All shards: float16 log-mel versions and tokenised transcripts. Weights say how often a shard is drawn per pass."""
    W = {"real:speechocean762": 1.2, "real:dctts-matthes": 2.0, "real:picovoice-wakewords": 0.25, "libri": 3.0, "arctic": 1.5, "cv": 2.5, "digits": 0.3, "kokoro": 1.5, "piper": 1.0, "flite": 0.7, "fest": 0.7, "espeak": 0.4}

    def __init__(self, tok, seed):
        self.R = random.Random(seed); self.tok = tok; self.flat = True; self.clean = 0.0; self.blank = tok.vocab_size
        self.plen = [max(1, len(tok.ids_to_tokens([k])[0].replace("\u2581", ""))) for k in range(tok.vocab_size)]; self.rescan()

    def rescan(self):
        """Read what is there (synthesis may still add shards while training runs)."""
        tok = self.tok; self.items = []; self.mel = {}; self.idx = {}; self.ph = {}; self.pho = {}; self.te = {}; self.tei = {}
        hours = {}
        for f in sorted(glob.glob(DATA + "/*.mel0.idx.npy")):
            n = os.path.basename(f).split(".")[0]
            vs = sorted(int(g.split(".mel")[1].split(".")[0]) for g in glob.glob(f"{DATA}/{n}.mel*.idx.npy"))
            rows = [l.rstrip("\n").split("\t") for l in open(f"{DATA}/{n}.tsv")]
            for v in vs:
                self.mel[n, v] = np.memmap(f"{DATA}/{n}.mel{v}.f16", dtype=np.float16, mode="r").reshape(-1, 80)
                self.idx[n, v] = np.load(f"{DATA}/{n}.mel{v}.idx.npy")
            if os.path.exists(f"{DATA}/{n}.ph.u8"):
                self.ph[n] = np.memmap(f"{DATA}/{n}.ph.u8", dtype=np.uint8, mode="r"); self.pho[n] = np.cumsum([0] + [int(r[1]) // 160 + 1 for r in rows])
            if os.path.exists(f"{DATA}/{n}.te.npy"):
                self.tei[n] = np.load(f"{DATA}/{n}.te.npy"); self.te[n] = np.memmap(f"{DATA}/{n}.te.f16", dtype=np.float16, mode="r").reshape(-1, DIM)
            m = min(len(self.idx[n, v]) for v in vs)
            for i, r in enumerate(rows[:m]):
                key = n.split("_")[0] if n != "real" else next((k for k in self.W if k[:5] == "real:" and r[2].startswith(k[5:])), "real:other")
                w = self.W.get(key, 1.0)
                t = tok.text_to_ids(r[3])
                if len(t) == 0: continue
                self.items.append((n, vs, i, t, w)); hours[key] = hours.get(key, 0) + int(r[1]) / 16000 / 3600
        self.hours = hours
        if "real" in self.te:
            z = self.te["real"][:20000].astype(np.float32); self.te_mean = z.mean(0); self.te_std = z.std(0) + 1e-3

    def epoch(self, rows, longest=10 ** 9):
        """One pass: batches of packed rows; a row is a list of (item, version, tempo) that together fit into ROW frames."""
        todo = []
        for it in self.items:
            for _ in range(int(it[4]) + (self.R.random() < it[4] % 1)):
                v = it[1][0] if self.R.random() < self.clean else self.R.choice(it[1]); n = self.idx[it[0], v][it[2]][1]; s = min(self.R.uniform(.84, 1.15), max(.84, ROW / n))
                if len(it[3]) * 8.5 <= n * s <= min(ROW, longest): todo.append((it, v, s, int(n * s)))
        self.R.shuffle(todo); full, opened = [], []
        for u in todo:
            fit = [r for r in opened if r[0] + u[3] <= ROW]
            r = max(fit, key=lambda r: r[0]) if fit else None
            if r is None: r = [0, []]; opened.append(r)
            r[0] += u[3]; r[1].append(u)
            if r[0] > ROW - 90 or len(opened) > 24: r = max(opened, key=lambda r: r[0]); opened.remove(r); full.append(r)
        self.R.shuffle(full)
        return [full[i:i + rows] for i in range(0, len(full) - rows + 1, rows)]

    def phones(self, n, i):
        """The phone track of clip i of shard n, or None."""
        if n not in self.ph: return None
        t = self.ph[n][self.pho[n][i]:self.pho[n][i + 1]]
        return t if len(t) and t[0] != NONE else None

    def teacher(self, n, i, at):
        """The teacher's frames of clip i of shard n at the given shares of its length, normalised; or None."""
        if n not in self.tei or i >= len(self.tei[n]): return None
        o, k = self.tei[n][i]; x = at * self.idx[n, 0][i][1] * 160
        return (self.te[n][o + np.clip(np.rint((x - FIRST) / HOP).astype(int), 0, k - 1)] - self.te_mean) / self.te_std

    def batch(self, rows):
        """-> features, source frame of each frame, utterance of each frame, lengths, labels of an alignment, phones, the teacher's frames, whether there are any, [(row, from, to, tokens)]"""
        n = len(rows); X = np.zeros((n, int(ROW / .8), 80), np.float32); t = np.zeros((n, ROW), np.float32); uid = np.zeros((n, ROW), np.int64)
        A = np.full((n, OUT), -100, np.int64)                          # flat start: labels of an alignment, known or linear in time
        H = np.full((n, ROW), -100, np.int64)                          # phones, every 10 ms
        E = np.zeros((n, OUT, TEACH, DIM), np.float32); W = np.zeros((n, OUT), bool)
        L = np.zeros(n, np.int64); Y = []
        for j, (_, us) in enumerate(rows):
            p = q = 0
            for k, (it, v, s, ln) in enumerate(us):
                o, m = self.idx[it[0], v][it[2]]
                X[j, q:q + m] = self.mel[it[0], v][o:o + m]
                src = np.minimum(np.arange(ln) / s, m - 1); t[j, p:p + ln] = q + src; uid[j, p:p + ln] = k
                tr = self.phones(it[0], it[2]); y = np.array(it[3])
                if tr is not None: H[j, p:p + ln] = tr[np.minimum((src * (len(tr) / m)).astype(int), len(tr) - 1)]
                f = np.arange(p // 8 + 1, min(OUT, (p + ln) // 8 + 1)); e = self.teacher(it[0], it[2], src[np.clip(f[:, None] * 8 - 6 + 4 * np.arange(TEACH) - p, 0, ln - 1)] / m)
                if e is not None: E[j, f] = e; W[j, f] = True
                if self.flat:
                    w = np.cumsum([self.plen[k] for k in it[3]]); w = w / w[-1]; f = np.arange(p // 8 + 1, min(OUT, (p + ln) // 8 + 1)); g = np.clip(f * 8 - 3 - p, 0, ln - 1)
                    if tr is not None:                                 # characters spread over the phones
                        h = H[j, p:p + ln]; new = np.r_[True, h[1:] != h[:-1]] & (h > 0); c = np.cumsum(new); u = np.where(h[g] > 0, (c[g] - .5) / max(1, c[-1]), -1)
                    else:
                        e = self.mel[it[0], v][o:o + m].astype(np.float32).mean(1); sp = np.flatnonzero(e > e.min() + .45 * (e.max() - e.min()))
                        f0, f1 = sp[0] * s, (sp[-1] + 1) * s; u = (g - f0) / max(1, f1 - f0)
                    A[j, f] = np.where((u < 0) | (u >= 1), self.blank, y[np.minimum(np.searchsorted(w, np.clip(u, 0, 1), side="right"), len(w) - 1)])
                Y.append((j, p, p + ln, it[3])); p += ln; q += m
            L[j] = p
        k = np.arange(OUT)[:, None] * 8 - 7 + 2 * np.arange(SUB); H = np.where((k >= 0) & (k < ROW), H[:, np.clip(k, 0, ROW - 1)], -100)
        return [torch.from_numpy(z) for z in (X, t, uid, L, A, H, E, W)] + [Y]


def augment(X, t, uid, L, g, st=1.0):
    """Tempo (t) and vocal-tract warp by bilinear sampling of the log-mel; gain, colour and noise floor, all drawn per
    utterance; then SpecAugment. -> [n, 80, ROW]"""
    n, T, _ = X.shape; K = int(uid.max()) + 1
    r = lambda lo, hi, *sh: torch.empty(n, K, *sh).uniform_(lo, hi, generator=g)
    pick = lambda z: torch.gather(z, 1, uid.reshape(n, ROW, *[1] * (z.dim() - 2)).expand(n, ROW, *z.shape[2:]))
    f = torch.arange(80).float(); hi = 66.0; al = r(.86, 1.16, 1)      # piecewise linear warp: the top stays in place
    src = torch.where(f * al <= hi, f * al, 79 - (79 - hi) * (79 - f) / (79 - torch.clamp(hi / al, max=78.0)))
    grid = torch.stack((pick(src / 79 * 2 - 1), (t / (T - 1) * 2 - 1)[:, :, None].expand(n, ROW, 80)), -1)
    Z = F.grid_sample(X[:, None], grid, align_corners=True, padding_mode="border")[:, 0]
    knots = F.interpolate(torch.randn(n, K, 5, generator=g) * .6, size=80, mode="linear", align_corners=True) + r(-2.2, 1.6, 1)
    floor = r(-17, -11.5, 1) + torch.randn(n, K, 80, generator=g) * .3
    Z = torch.logaddexp(Z + pick(knots), pick(floor) + .4 * torch.randn(n, ROW, 1, generator=g))
    k80 = torch.arange(80)[None, None]; k = torch.arange(ROW)[None, :, None]
    mask = k >= L[:, None, None]
    for _ in range(2):                                                 # frequency masks, each over a stretch of the row
        w = torch.randint(0, 2 + int(18 * st), (n, K, 1), generator=g); o = (torch.rand(n, K, 1, generator=g) * (80 - w)).long()
        mask = mask | pick((k80 >= o) & (k80 < o + w))
    for _ in range(8):                                                 # time masks
        w = (torch.rand(n, 1, 1, generator=g) * 36 * st).long(); o = (torch.rand(n, 1, 1, generator=g) * (ROW - 36)).long()
        mask = mask | ((k >= o) & (k < o + w))
    return Z.masked_fill(mask, -8.5).transpose(1, 2).contiguous()
