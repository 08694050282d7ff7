"""A faster training forward for NeMo's cache-aware FastConformer on a CPU: the same parameters and the same results
(`python fast.py` checks output and gradients against NeMo's own forward), compiled once for one fixed shape.

What costs time on a CPU is not the multiplications but everything between them, so: channels-last subsampling in one compiled
piece without oneDNN's slow depthwise backward, relative shift as one strided copy, additive masks that are made once,
and no padding masks at all (rows are packed full; causal convolutions cannot see what follows)."""
import math
import torch
import torch.nn.functional as F


def _shift_view(x):
    T = x.shape[-2]; s = x.stride()
    return x.as_strided((*x.shape[:-1], T), (*s[:-2], s[-2] - 1, 1), x.storage_offset() + T - 1)


@torch.library.custom_op("sotto::shift", mutates_args=())
def shift(x: torch.Tensor) -> torch.Tensor:
    """[..., T, 2T-1] scores by relative position -> [..., T, T] by absolute position"""
    return _shift_view(x.contiguous()).contiguous()


@torch.library.custom_op("sotto::unshift", mutates_args=())
def unshift(g: torch.Tensor) -> torch.Tensor:
    T = g.shape[-1]; x = torch.zeros(*g.shape[:-1], 2 * T - 1, dtype=g.dtype)
    _shift_view(x).copy_(g)
    return x


@shift.register_fake
def _(x): return x.new_empty(*x.shape[:-1], x.shape[-2])


@unshift.register_fake
def _(g): return g.new_empty(*g.shape[:-1], 2 * g.shape[-1] - 1)


shift.register_autograd(lambda ctx, g: unshift(g.contiguous()))


class Layer(torch.nn.Module):
    """One ConformerLayer of NeMo's, without caches, masks of padding and dropout."""
    def __init__(self, l):
        super().__init__(); self.l = l; self.drop = 0.0

    def forward(self, x, pos, mask):
        l = self.l; a = l.self_attn; c = l.conv; h = l.n_heads; B, T, D = x.shape
        ff = lambda f, z: f.linear2(F.silu(f.linear1(z)))
        x = x + .5 * ff(l.feed_forward1, l.norm_feed_forward1(x))
        z = l.norm_self_att(x)
        q, k, v = (f(z).view(B, T, h, D // h) for f in (a.linear_q, a.linear_k, a.linear_v))
        p = a.linear_pos(pos).view(2 * T - 1, h, D // h).permute(1, 2, 0)
        bd = torch.matmul((q + a.pos_bias_v).transpose(1, 2), p.to(q.dtype))
        s = torch.matmul((q + a.pos_bias_u).transpose(1, 2), k.permute(0, 2, 3, 1)) + shift(bd)
        w = torch.softmax(s.float() * (D // h) ** -.5 + mask, -1).to(v.dtype)
        x = x + a.linear_out(torch.matmul(w, v.transpose(1, 2)).transpose(1, 2).reshape(B, T, D))
        z = F.glu(F.linear(l.norm_conv(x), c.pointwise_conv1.weight[..., 0], c.pointwise_conv1.bias), -1)
        K = c.kernel_size; z = F.pad(z, (0, 0, K - 1, 0)); w = c.depthwise_conv.weight[:, 0].to(z.dtype)
        z = sum(z[:, k:k + T] * w[:, k] for k in range(K)) + c.depthwise_conv.bias.to(z.dtype)
        x = x + F.linear(F.silu(c.batch_norm(z)), c.pointwise_conv2.weight[..., 0], c.pointwise_conv2.bias)
        x = x + .5 * ff(l.feed_forward2, l.norm_feed_forward2(x))
        return l.norm_out(x)


def _views(x, To, Fo):
    B, T, Fq, C = x.shape; v = x.view(B, T // 2, 2, Fq // 2, 2, C)
    return [v[:, i // 2:i // 2 + To, i % 2, j // 2:j // 2 + Fo, j % 2] for i in range(3) for j in range(3)]


@torch.compile(dynamic=False)
def _dw_fwd(x, w, b, To: int, Fo: int):
    return (sum(v.float() * w[k].float() for k, v in enumerate(_views(x, To, Fo))) + b).to(x.dtype)


@torch.compile(dynamic=False)
def _dw_gx(g, w, H: int, W: int):
    """Gradient of the padded input, gathered phase by phase (no scattered additions)."""
    B, To, Fo, C = g.shape; gp = F.pad(g, (0, 0, 1, 1, 1, 1)).float()
    at = lambda a, b: gp[:, 1 - a:1 - a + H // 2, 1 - b:1 - b + W // 2]          # g at (u - a, v - b)
    w = w.float()
    ee = at(0, 0) * w[0] + at(0, 1) * w[2] + at(1, 0) * w[6] + at(1, 1) * w[8]
    eo = at(0, 0) * w[1] + at(1, 0) * w[7]
    oe = at(0, 0) * w[3] + at(0, 1) * w[5]
    oo = at(0, 0) * w[4]
    return torch.stack((torch.stack((ee, eo), 3), torch.stack((oe, oo), 3)), 2).to(g.dtype).reshape(B, H, W, C)


@torch.compile(dynamic=False)
def _dw_gw(x, g, To: int, Fo: int):
    gf = g.float()
    return torch.stack([(gf * v.float()).sum((0, 1, 2)) for v in _views(x, To, Fo)]), gf.sum((0, 1, 2))


class DW2(torch.autograd.Function):
    """Depthwise 3x3, stride 2, on an already padded [B, 2(To+1), 2(Fo+1), C] tensor, by its four phases."""
    @staticmethod
    def forward(ctx, x, w, b, To, Fo):                   # w: [9, C]
        ctx.save_for_backward(x, w); ctx.n = (To, Fo)
        return _dw_fwd(x, w, b, To, Fo)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors; g = g.contiguous(); To, Fo = ctx.n
        gw, gb = _dw_gw(x, g, To, Fo)
        return _dw_gx(g, w, x.shape[1], x.shape[2]), gw.to(w.dtype), gb, None, None


class Front(torch.nn.Module):
    """ConvSubsampling (dw_striding, causal, factor 8). x: [B, T, 80]."""
    def __init__(self, pe):
        super().__init__(); self.pe = pe

    def forward(self, x):
        conv = [l for l in self.pe.conv if isinstance(l, torch.nn.Conv2d)]; dt = torch.bfloat16 if torch.is_autocast_enabled("cpu") else x.dtype
        c = conv[0]; C = c.out_channels; B, T, Fq = x.shape
        x = F.pad(x.to(dt), (2, 1, 2, 1)); T, Fq = T // 2 + 1, Fq // 2 + 1
        p = torch.stack([x[:, i:i + 2 * T:2, j:j + 2 * Fq:2][:, :T, :Fq] for i in range(3) for j in range(3)], -1)
        h = F.relu(F.linear(p, c.weight.reshape(C, 9), c.bias))
        for dw, pw in ((conv[1], conv[2]), (conv[3], conv[4])):
            To, Fo = T // 2 + 1, Fq // 2 + 1
            h = F.pad(h, (0, 0, 2, 2 * Fo + 2 - Fq - 2, 2, 2 * To + 2 - T - 2))
            h = DW2.apply(h, dw.weight.reshape(C, 9).t().to(dt).contiguous(), dw.bias, To, Fo)
            h = F.relu(F.linear(h, pw.weight.reshape(C, C), pw.bias)); T, Fq = To, Fo
        w = self.pe.out.weight.reshape(-1, C, Fq).transpose(1, 2).reshape(-1, C * Fq)
        return F.linear(h.reshape(B, T, Fq * C), w, self.pe.out.bias)


def chunk_mask(T, left, right):
    """NeMo's chunked_limited mask, additive."""
    k = torch.arange(T) // (right + 1); d = k[:, None] - k[None]
    return torch.where((d >= 0) & (d <= left // (right + 1)), 0.0, -1e4)


class Encoder:
    """Fast forward over the parameters of a NeMo ConformerEncoder. x: [B, 80, T] -> outputs of all layers, each [B, T', d]."""
    def __init__(self, enc, compiled=True):
        self.enc = enc; self.front = Front(enc.pre_encode); self.layers = [Layer(l) for l in enc.layers]; self.pos = {}; self.mask = {}; self.drop = 0.0
        if compiled:
            for l in self.layers: l.compile(dynamic=False)

    def __call__(self, x, context):
        h = self.front(x.transpose(1, 2)); T = h.shape[1]
        if T not in self.pos: self.pos[T] = self.enc.pos_enc(h)[1].clone()
        m = self.mask.setdefault((T, *context), chunk_mask(T, *context)); out = []
        h = F.dropout(h, self.drop)
        for l in self.layers: h = F.dropout(l(h, self.pos[T], m), self.drop); out.append(h)
        return out


if __name__ == "__main__":
    from model import build
    torch.manual_seed(0); torch.set_num_threads(1); m = build(d_model=64, n_layers=2, sub=16, dropout=0.0); m.train()
    x = torch.randn(3, 80, 1272); L = torch.tensor([1272] * 3); r = torch.randn(3, 160, 64)
    for ctx in ([70, 13], [70, 1], [70, 0]):
        m.encoder.att_context_size_all = [ctx]; m.encoder.set_default_att_context_size(ctx); res = []
        for run in (lambda: m.encoder(audio_signal=x, length=L)[0].transpose(1, 2), lambda: Encoder(m.encoder, compiled=False)(x, ctx)[-1]):
            m.zero_grad(); h = run(); h = h[:, :-1]; (h * r[:, :h.shape[1]]).sum().backward()
            res.append((h.detach(), {n: p.grad.clone() for n, p in m.named_parameters() if p.grad is not None}))
        (a, ga), (b, gb) = res
        print(ctx, tuple(a.shape), "output", float((a - b).abs().max()), "gradient", max((float((ga[k] - gb[k]).norm() / (ga[k].norm() + 1e-3)), k) for k in ga))
