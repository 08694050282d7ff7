"""Parameters, gradients and moments as flat vectors in shared memory, and their update: Muon on matrices, Adam on the rest."""
import math
import torch


class Flat:
    """All parameters in one shared vector: first those for Adam, then the matrices for Muon, ordered by shape."""
    def __init__(self, m, heads, adam_only):
        named = [(n, p) for n, p in m.named_parameters()] + [(k + "." + n, p) for k, h in heads.items() for n, p in h.named_parameters()]
        muon = lambda n, p: not adam_only and p.squeeze().dim() == 2 and min(p.squeeze().shape) > 64 and n.startswith("encoder.") and ("layers" in n or "pre_encode.out" in n)
        A = [x for x in named if not muon(*x)]; M = sorted((x for x in named if muon(*x)), key=lambda x: (tuple(x[1].squeeze().shape), x[0]))
        self.names = []; self.where = {}; o = 0; decay = []
        for n, p in A + M: self.names.append(n); self.where[n] = (o, p.shape); decay.append((o, o + p.numel(), p.dim() > 1)); o += p.numel()
        self.n = o; self.na = sum(p.numel() for _, p in A); self.params = dict(named); self.groups = {}
        for n, p in M: self.groups.setdefault(tuple(p.squeeze().shape), []).append(n)
        self.decay = torch.zeros(self.na)
        for x, y, d in decay:
            if d and x < self.na: self.decay[x:y] = 1.0

    def view(self, v, n): o, sh = self.where[n]; return v[o:o + math.prod(sh)].view(sh)

    def bind(self, P, G):
        """Parameters and gradients become views of the shared vectors."""
        for n, p in self.params.items(): p.data = self.view(P, n); p.grad = self.view(G, n)


@torch.compile(dynamic=False)
def adam(p, g, m, v, e, dec, lr, wd, c1, c2, ek):
    m2 = m * .9 + g * .1; v2 = v * .98 + g * g * .02
    p2 = p * (1 - lr * wd * dec) - lr * (m2 * c1) / ((v2 * c2).sqrt() + 1e-8)
    p.copy_(p2); m.copy_(m2); v.copy_(v2); e.copy_(e + (p2 - e) * ek)


def newton_schulz(X):
    """Nearest orthogonal matrices, about (Muon). X: [n, r, c], r <= c"""
    X = X.bfloat16(); X = X / (X.float().norm(dim=(1, 2), keepdim=True) + 1e-7).to(X.dtype)
    for _ in range(5): A = X @ X.mT; X = 3.4445 * X + (-4.775 * A + 2.0315 * (A @ A)) @ X
    return X.float()
