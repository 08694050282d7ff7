"""Lean training loop around the NeMo modules (CTC, bf16 autocast, resumable, made for a CPU that others use too).

  train.py run --minutes M | --until HH:MM    train (or resume from ckpt/last.pt); the learning rate falls to zero at the end
  train.py export OUT.nemo [--weights ema]    write the weights with NeMo's save_to
  train.py mix OTHER.pt --share .35           take that share of another last.pt's averages into those of ckpt/last.pt
  train.py state OUT.pt                       weights and averages in bf16 for keeping

Processes of one thread each share parameters, gradients and optimiser state in memory. A step is a number of small batches;
whichever process is free takes the next one, so a process whose core is busy elsewhere delays nobody by more than one small
batch. Then each updates its half: Muon on the matrices, Adam on the rest."""
import argparse, logging, math, os, random, signal, time
import numpy as np, torch
import torch.nn.functional as F
logging.disable(logging.WARNING)
torch.set_num_threads(1)      # processes of one thread each: fine-grained OpenMP barriers suffer badly when others use the cores
from data import SUB, TEACH, Data, augment
from dev import Dev
from model import build, nparams
from optimiser import Flat, adam, newton_schulz
from phones import PHONES
from teacher import DIM

HOME = os.path.expanduser(os.environ.get("SOTTO_TRAIN_HOME", "~/sotto-train"))
CK = os.environ.get("SOTTO_CKPT", HOME + "/ckpt")
LOG = HOME + "/log.txt"
CONTEXTS = [[70, 13], [70, 6], [70, 1], [70, 0]]; SHARES = (.4, .2, .25, .15)      # look-aheads, and how often each is drawn


def log(*a):
    s = time.strftime("%H:%M:%S ") + " ".join(str(x) for x in a)
    print(s, flush=True); open(LOG, "a").write(s + "\n")


@torch.no_grad()
def init_front(pe, X):
    """Data-dependent start of the subsampling: every convolution and the projection begin with zero mean and unit variance
    per channel. Features are not normalised (log-mel around -8.5), and without this the signal drowns in the offsets."""
    h = X.transpose(1, 2)[:, None]
    for l in pe.conv:
        y = l(h)
        if isinstance(l, torch.nn.Conv2d):
            z = y[:, :, 4:-4]; sd, mu = z.std((0, 2, 3)) + 1e-3, z.mean((0, 2, 3))
            l.weight /= sd[:, None, None, None]; l.bias.copy_((l.bias - mu) / sd); y = l(h)
        h = y
    b, c, t, f = h.shape; h = h.transpose(1, 2).reshape(b, t, c * f); y = pe.out(h)[:, 2:-2]
    sd, mu = y.std((0, 1)) + 1e-3, y.mean((0, 1)); pe.out.weight /= sd[:, None]; pe.out.bias.copy_((pe.out.bias - mu) / sd)


def ctc(lp, Y, blank):
    """CTC of each packed utterance on its own stretch of the row (8 input frames per output frame)."""
    cut = [lp[j, s // 8: min(lp.shape[1], (e + 7) // 8 + 1)] for j, s, e, _ in Y]
    n = torch.tensor([len(c) for c in cut]); yl = torch.tensor([len(y) for *_, y in Y]); y = torch.tensor([k for *_, yy in Y for k in yy])
    return F.ctc_loss(torch.nn.utils.rnn.pad_sequence(cut).float(), y, n, yl, blank=blank, reduction="sum", zero_infinity=True) / yl.sum()


def args():
    ap = argparse.ArgumentParser(); ap.add_argument("cmd"); ap.add_argument("out", nargs="?"); o = ap.add_argument
    o("--minutes", type=float, default=80); o("--until", help="HH:MM (UTC): end of the schedule, instead of --minutes"); o("--lr", type=float, default=2e-3); o("--warm", type=int, default=150); o("--hold", type=float, default=.2)
    o("--share", type=float, default=.35, help="of OTHER.pt, for mix"); o("--rows", type=int, default=2, help="rows of 16.56 s in a small batch"); o("--micro", type=int, default=5, help="small batches in a step"); o("--world", type=int, default=2)
    o("--d", type=int, default=160); o("--layers", type=int, default=8); o("--sub", type=int, default=48)
    o("--inter", type=float, default=.25, help="weight of CTC on a middle layer"); o("--inter_at", type=int, default=5); o("--phone", type=float, default=.6, help="weight of the phones of each 20 ms, on an early layer"); o("--phone_at", type=int, default=3)
    o("--teach", type=float, default=.5, help="weight of the regression on the teacher's frames, from a layer of the upper middle"); o("--teach_at", type=int, default=6)
    o("--flat", type=float, default=1.0, help="weight of the flat-start cross entropy, which gets CTC off its plateau"); o("--flat_steps", type=int, default=600)
    o("--muon", type=float, default=1.5, help="learning rate of the matrices relative to --lr"); o("--ema", type=float, default=.996); o("--drop", type=float, default=.1, help="dropout after every layer"); o("--mask", type=float, default=.8, help="strength of SpecAugment once training is under way"); o("--clean", type=float, default=0.0, help="share of unspoilt audio beyond an even draw of the versions"); o("--adam", action="store_true", help="Adam for everything"); o("--wd", type=float, default=.02); o("--seed", type=int, default=1); o("--bench", type=int, default=0); o("--eager", action="store_true")
    o("--weights", default="model", choices=["model", "ema"], help="export: the last weights or their running average"); o("--dev", type=float, default=1800, help="seconds between evaluations")
    return ap.parse_args()


def make(a):
    """The NeMo model, and the heads for phones and teacher, which are only there in training."""
    torch.manual_seed(a.seed); m = build(d_model=a.d, n_layers=a.layers, sub=a.sub, dropout=0.0)
    return m, {"phone_head": torch.nn.Linear(a.d, SUB * len(PHONES)), "teacher_head": torch.nn.Linear(a.d, TEACH * DIM)}


def worker(rank, a, S, take, gate):
    """S: shared tensors; take: small batches handed out so far; gate: barrier of all ranks."""
    if a.world > 1 and not a.bench: os.setsid()         # a session of its own: the kernel shares the cores by session (autogroup)
    try: open("/proc/self/autogroup", "w").write("19")
    except OSError: pass
    open(f"{CK}/rank{rank}.pid", "w").write(f"{os.getpid()}\n")
    m, heads = make(a); head, teacher = heads["phone_head"], heads["teacher_head"]; blank = m.decoder.num_classes_with_blank - 1
    d = Data(m.tokenizer, a.seed * 10 + rank)
    if rank == 0: log("params", round(nparams(m) / 1e6, 2), "M; hours", {k: round(v, 2) for k, v in d.hours.items()}, vars(a))
    dev = Dev(m) if rank == 0 else None; m.train()
    F_ = Flat(m, heads, a.adam); P, M1, M2, E, ctl = (S[k] for k in ("P", "M1", "M2", "E", "ctl")); G = S["G"][rank]
    step = 0; spent = 0.0; audio = 0.0
    ck = torch.load(CK + "/last.pt", map_location="cpu") if os.path.exists(CK + "/last.pt") else None
    if ck: step, spent, audio = ck["step"], ck["spent"], ck["audio"]
    if ck and rank == 0:
        for k, v in (("P", P), ("E", E), ("M1", M1), ("M2", M2)):
            old = ck.get(k) if isinstance(ck.get(k), dict) or ck["names"] == F_.names else None
            for n, p in F_.params.items():                              # a state kept before a head was added has no weights for it
                if old is not None and (not isinstance(old, dict) or n in old): F_.view(v, n).copy_(old[n] if isinstance(old, dict) else F_.view(old, n))
                elif k in "PE": F_.view(v, n).copy_(p.data)
        log("resumed at step", step)
    if not ck and rank == 0:
        for n, p in F_.params.items(): F_.view(P, n).copy_(p.data)
    gate.wait(); F_.bind(P, G)
    d.R.seed(a.seed * 1000 + step * 2 + rank); torch.manual_seed(step * 2 + rank); R = random.Random(step * 2 + rank + a.seed); g = torch.Generator().manual_seed(a.seed + step * 2 + rank)
    from fast import Encoder
    enc = Encoder(m.encoder, not a.eager); enc.drop = a.drop; dl = m.decoder.decoder_layers[0]; fr = 0.0

    def batches():
        while True:
            d.clean = max(a.clean, .8 - 2 * fr)                         # mostly the unspoilt version at first
            E_ = d.epoch(a.rows); half = E_[: max(1, len(E_) // 4)]      # each rank shuffles on its own and looks for new shards four times a pass
            yield from map(d.batch, half)
            d.rescan()
    feed = batches()
    if not ck and rank == 0:
        B = [next(feed) for _ in range(3)]; X, t, uid, L, *_ = B[-1]
        with torch.no_grad():
            init_front(m.encoder.pre_encode, augment(X, t, uid, L, g))
            cnt = torch.bincount(torch.cat([b[4][b[4] >= 0] for b in B]), minlength=blank + 1).float() + .5
            for l in m.encoder.layers:                                 # each layer starts close to the identity, so the signal survives all of them
                for o in (l.feed_forward1.linear2, l.feed_forward2.linear2, l.self_attn.linear_out, l.conv.pointwise_conv2): o.weight *= .2; o.bias.zero_()
            dl.bias.copy_((cnt / cnt.sum()).log()); dl.weight *= .3      # start from the label prior: else the encoder first collapses to a constant
        E.copy_(P)
    gate.wait()

    def save():
        torch.save({"P": P, "E": E, "M1": M1, "M2": M2, "names": F_.names, "step": step, "spent": spent, "audio": audio, "args": vars(a)}, CK + "/tmp.pt"); os.replace(CK + "/tmp.pt", CK + "/last.pt")
    stop = []; signal.signal(signal.SIGTERM, lambda *_: stop.append(1))   # save, then end
    t0 = time.time(); base = spent; total = a.minutes * 60
    if a.until:
        h, mi = map(int, a.until.split(":")); now = time.gmtime(t0); total = spent + ((h - now.tm_hour) * 3600 + (mi - now.tm_min) * 60 - now.tm_sec) % 86400
    sl = slice(F_.n * rank // a.world, F_.n * (rank + 1) // a.world); al = slice(F_.na * rank // a.world, F_.na * (rank + 1) // a.world)
    mine = {sh: ns[rank::a.world] for sh, ns in F_.groups.items()}
    seg = t0; seg_audio = audio; hist = []; ces = [0.0]; phs = [0.0]; tes = [0.0]; accs = [0.0]; last_ck = last_dev = t0; first = step
    while True:
        if rank == 0:
            now = time.time(); spent = base + now - t0; fin = bool(stop) or spent >= total or (a.bench and step - first >= a.bench)
            if (fin or now - last_ck > 150) and not a.bench: save(); last_ck = now
            if (spent >= total or now - last_dev > a.dev) and not a.bench:
                keep = {n: p.data for n, p in F_.params.items()}
                if spent > 900:
                    for n, p in F_.params.items(): p.data = F_.view(E, n)
                r, ex = dev(m); log("step", step, "audio h", round(audio / 3600, 1), "dev WER", "(averaged)" if spent > 900 else "", r)
                for n, p in F_.params.items(): p.data = keep[n]
                for e in ex[:5]: log("   ", e)
                last_dev = time.time()
            fr = min(1.0, spent / total); ctl[0] = float(fin); ctl[1] = fr; ctl[4] = 0
        gate.wait()
        if ctl[0]: break
        fr = float(ctl[1])                                               # the schedule runs on wall clock, so it always ends in time
        lr = a.lr * min(1, (step + 1) / a.warm) * min(1, max(.002, 1 - (fr - a.hold) / (1 - a.hold)))
        fl = a.flat * min(1.0, max(0.0, 1.5 - 1.5 * step / a.flat_steps)); d.flat = fl > 0; pw = a.phone * max(.25, 1 - 1.5 * fr)
        G.zero_(); sec = 0.0; tq = time.time(); done = 0
        while True:
            with take.get_lock():
                if take.value >= a.micro * (step - first + 1): break
                take.value += 1
            ta = time.time()
            X, t, uid, L, A, H, E_, W, Y = next(feed)
            X = augment(X, t, uid, L, g, min(a.mask, .1 + 1.4 * fr)); tb = time.time()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                hs = enc(X, R.choices(CONTEXTS, SHARES)[0])
                z = lambda h: F.linear(h, dl.weight[..., 0], dl.bias).float().log_softmax(-1)
                lp, lp2, ph, te = z(hs[-1]), z(hs[a.inter_at - 1]), head(hs[a.phone_at - 1]), teacher(hs[a.teach_at - 1])
            tot = loss = ctc(lp, Y, blank)
            tot = (1 - a.inter) * loss + a.inter * ctc(lp2, Y, blank)
            if fl > 0: ce = sum(w * F.nll_loss(q.flatten(0, 1), A.flatten()) for w, q in ((.6, lp), (.4, lp2))); tot = max(.05, 1 - fl) * tot + fl * ce; ces.append(ce.item())
            if (H >= 0).any():
                ph = ph.float().view(-1, len(PHONES)); q = F.cross_entropy(ph, H.flatten()); tot = tot + pw * q; phs.append(q.item())
                if rank == 0: k = H.flatten() >= 0; accs.append(float((ph.argmax(-1)[k] == H.flatten()[k]).float().mean()))
            if a.teach > 0 and W.any(): q = F.smooth_l1_loss(te.float()[W], E_[W].flatten(1)); tot = tot + a.teach * q; tes.append(q.item())
            tot.backward(); hist.append(loss.item()); sec += float(L.sum()) / 100; done += 1
            if a.bench: print("rank", rank, step, "data", round(tb - ta, 3), "fwd+bwd", round(time.time() - tb, 3), "loss", round(loss.item(), 3), flush=True)
        S["sec"][rank] += sec; tw = time.time()
        gate.wait()
        with torch.no_grad():
            g0 = S["G"][:, sl].sum(0) / a.micro; S["G"][0, sl] = g0; S["norm"][rank] = float(g0.square().sum())
            gate.wait()
            gn = float(S["norm"].sum()) ** .5; ok = math.isfinite(gn); ek = 1 - min(a.ema, (1 + step) / (20 + step)); step += 1
            if ok:
                gr = S["G"][0]; c = min(1.0, 1 / (gn + 1e-6)); T = torch.tensor
                adam(P[al], gr[al] * c, M1[al], M2[al], E[al], F_.decay[al], T(lr), T(a.wd), T(1 / (1 - .9 ** step)), T(1 / (1 - .98 ** step)), T(ek))
                for sh, ns in mine.items():
                    if not ns: continue
                    gs = torch.stack([F_.view(gr, n).view(sh) for n in ns]); ms = [F_.view(M1, n).view(sh) for n in ns]
                    torch._foreach_lerp_(ms, list(gs), .05); U = torch.lerp(gs, torch.stack(ms), .95)
                    U = newton_schulz(U if sh[0] <= sh[1] else U.mT); U = U if sh[0] <= sh[1] else U.mT
                    for n, u in zip(ns, U):
                        p = F_.view(P, n).view(sh); p.mul_(1 - lr * a.muon * a.wd).add_(u, alpha=-lr * a.muon * .2 * max(sh) ** .5); F_.view(E, n).view(sh).lerp_(p, ek)
        gate.wait()
        audio = float(S["sec"].sum()) + (ck["audio"] if ck else 0.0)
        if rank == 0:
            if a.bench: print("step", step, round(time.time() - tq, 3), "update", round(time.time() - tw, 3), flush=True)
            elif step % 25 == 0:
                w = time.time() - seg; log("step", step, "loss", round(float(np.mean(hist[-40:])), 4), "flat", round(float(np.mean(ces[-40:])), 3), "phone", round(float(np.mean(phs[-40:])), 3), round(float(np.mean(accs[-40:])), 3), "teach", round(float(np.mean(tes[-40:])), 3), "lr", round(lr, 6), "gn", round(gn, 2), "audio h", round(audio / 3600, 2), "x", round((audio - seg_audio) / w)); seg = time.time(); seg_audio = audio
    log("rank", rank, "ends")


def load(which):
    """The NeMo model with the weights of ckpt/last.pt: P (last) or E (averaged)."""
    ck = torch.load(CK + "/last.pt", map_location="cpu"); b = argparse.Namespace(**ck["args"]); m, heads = make(b); f = Flat(m, heads, b.adam); d = ck[which]
    if not isinstance(d, dict): assert f.names == ck["names"]; d = {n: f.view(d, n) for n in f.names}
    for n, p in f.params.items():
        if n in d: p.data = d[n].float().clone()
    m2 = build(d_model=b.d, n_layers=b.layers, sub=b.sub, dropout=0.1); m2.load_state_dict(m.state_dict()); return m2.eval(), ck, f


def mix(other, share):
    """Both are complete states (P, E flat), as training writes them."""
    ck, b = (torch.load(p, map_location="cpu") for p in (CK + "/last.pt", other)); assert ck["names"] == b["names"]
    ck["E"] = torch.lerp(ck["E"].float(), b["E"].float(), share); torch.save(ck, CK + "/tmp.pt"); os.replace(CK + "/tmp.pt", CK + "/last.pt")


def main():
    a = args(); os.makedirs(CK, exist_ok=True)
    if a.cmd == "mix": mix(a.out, a.share); return
    if a.cmd == "export":
        m, ck, _ = load("E" if a.weights == "ema" else "P"); m.cfg.tokenizer.dir = "tokenizer"; m.save_to(a.out); print("saved", a.out, "step", ck["step"], "audio h", ck["audio"] / 3600, "minutes", ck["spent"] / 60); return
    if a.cmd == "state":
        _, ck, f = load("E"); torch.save({**{k: {n: f.view(ck[k], n).bfloat16().clone() for n in f.names} for k in ("P", "E")}, **{k: ck[k] for k in ("names", "step", "spent", "audio", "args")}}, a.out); return
    import torch.multiprocessing as mp
    m, heads = make(a); n = Flat(m, heads, a.adam).n
    S = {"P": torch.zeros(n), "E": torch.zeros(n), "M1": torch.zeros(n), "M2": torch.zeros(n), "G": torch.zeros(a.world, n), "ctl": torch.zeros(8, dtype=torch.float64), "sec": torch.zeros(a.world, dtype=torch.float64), "norm": torch.zeros(a.world, dtype=torch.float64)}
    for v in S.values(): v.share_memory_()
    c = mp.get_context("spawn"); mp.spawn(worker, (a, S, c.Value("q", 0), c.Barrier(a.world)), nprocs=a.world)


if __name__ == "__main__":
    main()
