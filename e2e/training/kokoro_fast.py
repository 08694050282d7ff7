"""Kokoro-82M (Apache-2.0) on a CPU with AMX: the text front end runs as the int8 ONNX graph it is shipped as, the heavy
waveform generator runs in PyTorch bf16 with the de-quantised weights of the same graph (about 4x faster on one core)."""
import json, os, sys
import numpy as np, onnx, onnxruntime as ort, torch
import torch.nn.functional as F
from onnx import numpy_helper

TTS = os.environ.get("SOTTO_TTS", os.path.expanduser("~/sotto-train/tts"))
G = "/decoder/decoder/generator/"


def _snake(x, g, b, al):
    """AdaIN (instance norm, then scale and shift) and the Snake activation on [T, C]."""
    f = x.float()
    v, m = torch.var_mean(f, 0, unbiased=False)
    sc = g * torch.rsqrt(v + 1e-5)
    f = f * sc + (b - m * sc)
    s = torch.sin(al * f)
    return (f + s * s / al).to(x.dtype)


snake = torch.compile(_snake, dynamic=True)


class Kokoro:
    def __init__(self, path=TTS + "/kokoro_int8.onnx", dtype=torch.bfloat16, threads=1):
        torch.set_num_threads(threads)
        self.dt = dtype
        self.vocab = json.load(open(TTS + "/vocab.json"))["vocab"]
        m = onnx.load(path)
        init = {i.name: i for i in m.graph.initializer}
        arr = lambda n: numpy_helper.to_array(init[n])
        by_name = {n.name: n for n in m.graph.node}
        W = {}
        use, make = {}, {}
        for n in m.graph.node:
            for i in n.input: use.setdefault(i, []).append(n)
            for o in n.output: make[o] = n

        def scale(n):  # ConvInteger -> (Add bias) -> Cast -> Mul(., x_scale * w_scale)
            c = use[n.output[0]][0]
            while c.op_type != "Mul": c = use[c.output[0]][0]
            for i in c.input:
                p = make.get(i)
                if p is not None and p.op_type == "Mul":
                    for j in p.input:
                        if j in init: return arr(j).astype(np.float32)
                if i in init and init[i].data_type == 1: return arr(i).astype(np.float32)
            raise KeyError(n.name)
        for n in m.graph.node:
            if n.op_type in ("ConvInteger", "MatMulInteger") and n.name.startswith(G):
                sc = scale(n)
                zp = arr(n.input[3]).astype(np.float32)
                w = (arr(n.input[1]).astype(np.float32) - zp) * sc
                key = n.name[len(G):].split("/Conv")[0].split("/Gemm")[0].split("/MatMul")[0]
                W[key] = w
            elif n.op_type in ("Conv", "ConvTranspose") and n.name.startswith(G) and "stft" not in n.name:
                W[n.name[len(G):].split("/Conv")[0]] = arr(n.input[1])
        B = {k[len("decoder.decoder.generator."):]: arr(k) for k in init if k.startswith("decoder.decoder.generator.") and not k.endswith(("_quantized", "_scale", "_zero_point"))}
        T = lambda a, dt=self.dt: torch.from_numpy(np.array(a)).to(dt)
        self.W = {k: T(v) for k, v in W.items()}
        self.B = {k: T(v) for k, v in B.items()}
        self.fc = {k: (T(v, torch.float32), T(B[k.replace("/", ".") + ".bias"], torch.float32)) for k, v in W.items() if k.endswith("/fc")}
        lin = [n for n in m.graph.node if n.name.startswith(G + "m_source") and n.op_type == "MatMul"][0]
        self.lw = T(arr(next(i for i in lin.input if i in init)), torch.float32)
        self.lb = T(B["m_source.l_linear.bias"], torch.float32)
        xin = by_name[G + "LeakyRelu"].input[0]
        f0 = "/decoder/decoder/Unsqueeze_output_0"
        dur = "/encoder/Clip_output_0"                                        # frames of 25 ms for each symbol
        front = onnx.utils.Extractor(m).extract_model([i.name for i in m.graph.input], [xin, f0, dur])
        so = ort.SessionOptions(); so.intra_op_num_threads = threads; so.log_severity_level = 3
        self.front = ort.InferenceSession(front.SerializeToString(), so)
        self.W2 = {k: v[:, :, None, :].contiguous(memory_format=torch.channels_last) for k, v in self.W.items() if v.dim() == 3}
        self.al = {k: v.reshape(-1).float() for k, v in self.B.items() if ".alpha" in k}
        self.win = torch.hann_window(20)

    def style(self, s):
        """All AdaIN scales and shifts for one style vector."""
        out = {}
        for k, (w, b) in self.fc.items():
            h = (s @ w + b).to(self.dt)
            g, be = h.chunk(2, -1)
            out[k[:-3]] = ((1 + g.reshape(-1)).float(), be.reshape(-1).float())
        return out

    def conv(self, x, w, b, stride=1, pad=0, dil=1):
        """x: [T, C] (channels last); the convolution runs as a 1 x k conv2d in oneDNN."""
        y = F.conv2d(x.t()[None, :, None, :], self.W2[w], self.B[b], stride=(1, stride), padding=(0, pad), dilation=(1, dil))
        return y[0, :, 0, :].t()

    def _res(self, x, name, k, dil, A):
        for i, d in enumerate(dil):
            t = x
            for c, dd, a in ((1, d, "adain1"), (2, 1, "adain2")):
                g, b = A[f"{name}/{a}.{i}"]
                t = snake(t, g, b, self.al[f"{name}.alpha{c}.{i}"])
                t = self.conv(t, f"{name}/convs{c}.{i}", f"{name}.convs{c}.{i}.bias", pad=(k - 1) * dd // 2, dil=dd)
            x = x + t
        return x

    def _source(self, f0):
        n = f0.shape[-1]; up = 300
        h = f0.reshape(-1, 1) * torch.arange(1, 10)  # [n, 9]
        rad = (h / 24000) % 1
        ph = torch.cumsum(rad, 0) * up * 2 * np.pi
        ph = F.interpolate(ph.t()[None], scale_factor=up, mode="linear")[0].t() + torch.rand(1, 9) * 2 * np.pi * (torch.arange(9) > 0)
        uv = (f0.reshape(-1) > 10).float().repeat_interleave(up)[:, None]
        amp = uv * .003 + (1 - uv) * .1 / 3
        sw = torch.sin(ph) * .1 * uv + amp * torch.randn(n * up, 9)
        y = torch.tanh(sw @ self.lw + self.lb).reshape(1, -1)
        S = torch.stft(y, 20, 5, 20, window=self.win, return_complex=True)
        return torch.cat([S.abs(), S.angle()], 1)

    @torch.inference_mode()
    def __call__(self, phonemes, style, speed=1.0):
        ids = [self.vocab[c] for c in phonemes if c in self.vocab][:500]
        x, f0, dur = self.front.run(None, {"tokens": np.array([[0, *ids, 0]], np.int64), "style": style.reshape(1, 256).astype(np.float32), "speed": np.array([speed], np.float32)})
        x = torch.from_numpy(x).to(self.dt); f0 = torch.from_numpy(np.ascontiguousarray(f0)).float().reshape(-1)
        A = self.style(torch.from_numpy(style.reshape(1, 256)[:, :128].astype(np.float32)))
        har = self._source(f0)[0].t().contiguous().to(self.dt)
        x = x[0].t().contiguous()
        for i, (u, k) in enumerate(((10, 20), (6, 12))):
            x = F.leaky_relu(x, .1)
            src = self.conv(har, f"noise_convs.{i}", f"noise_convs.{i}.bias", stride=6 if i == 0 else 1, pad=3 if i == 0 else 0)
            src = self._res(src, f"noise_res.{i}", 7 if i == 0 else 11, (1, 3, 5), A)
            x = F.conv_transpose2d(x.t()[None, :, None, :], self.W2[f"ups.{i}"], self.B[f"ups.{i}.bias"], stride=(1, u), padding=(0, (k - u) // 2))[0, :, 0, :].t()
            if i == 1: x = torch.cat([x[1:2], x])
            n = min(x.shape[0], src.shape[0]); x = x[:n] + src[:n]
            x = sum(self._res(x, f"resblocks.{i * 3 + j}", kk, (1, 3, 5), A) for j, kk in enumerate((3, 7, 11))) / 3
        x = F.leaky_relu(x)
        x = self.conv(x, "conv_post", "conv_post.bias", pad=3).float().t()[None]
        spec, ph = torch.exp(x[:, :11]), torch.sin(x[:, 11:])
        return torch.istft(spec * torch.exp(1j * ph), 20, 5, 20, window=self.win)[0].numpy(), dur.reshape(-1)


if __name__ == "__main__":
    import time, soundfile as sf
    sys.path.insert(0, TTS)
    from kphon import phon
    v = np.fromfile(TTS + "/package/voices/af_heart.bin", dtype=np.float32).reshape(-1, 256)
    k = Kokoro(dtype=torch.float32 if len(sys.argv) > 1 else torch.bfloat16)
    L = [l.strip() for l in open(os.path.expanduser(os.environ.get("SOTTO_RECORDINGS", "~/sotto-train/recordings")) + "/text/ljspeech-sentences.txt")][:5]
    P = [phon(l) for l in L]
    k(P[1], v[20])
    t0 = time.time(); d = 0; A = []
    for p in P:
        a, _ = k(p, v[min(len(p), 509) - 1]); d += len(a) / 24000; A.append(a)
    print("audio", d, "x", d / (time.time() - t0), np.abs(A[0]).max())
    sf.write("kfast.wav", np.concatenate(A), 24000)
    from torch.profiler import profile
    with profile() as pr: k(P[0], v[60])
    for e in sorted(pr.key_averages(), key=lambda e: -e.self_cpu_time_total)[:12]: print(e.key, round(e.self_cpu_time_total / 1e3, 1), "ms", e.count)
    t0 = time.time(); k.front.run(None, {"tokens": np.array([[0, *[k.vocab[c] for c in P[0] if c in k.vocab], 0]], np.int64), "style": v[60].reshape(1, 256), "speed": np.array([1.0], np.float32)}); print("front", time.time() - t0)
