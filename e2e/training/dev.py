"""A quick look at the word error rate while training runs. For numbers to report use evaluate.py."""
import json, os
import torch

RECORDINGS = os.environ.get("SOTTO_RECORDINGS", os.path.expanduser("~/sotto-train/recordings"))


def wer(h, r):
    h, r = h.split(), r.split(); d = list(range(len(h) + 1))
    for i, x in enumerate(r, 1):
        p, d[0] = d[0], i
        for j, y in enumerate(h, 1): p, d[j] = d[j], min(d[j] + 1, d[j - 1] + 1, p + (x != y))
    return d[-1], len(r)


class Dev:
    """Greedy CTC WER on a fixed slice of each dev set."""
    def __init__(self, m):
        import soundfile as sf
        self.sets = {}
        for s, k in (("speechocean762", 60), ("an4", 40), ("librispeech-test-clean", 4), ("librivox", 5), ("ljspeech", 16)):
            rows = [json.loads(l) for l in open(f"{RECORDINGS}/dev/{s}/manifest.jsonl")]
            if s == "speechocean762": rows = rows[::5]
            R = []
            for r in rows[:k]:
                x, sr = sf.read(f"{RECORDINGS}/dev/{s}/{r['audio_filepath']}", dtype="float32"); assert sr == 16000
                with torch.inference_mode(): M, ml = m.preprocessor(input_signal=torch.from_numpy(x)[None], length=torch.tensor([len(x)]))
                R.append((M[0, :, :int(ml)], r["text"]))
            self.sets[s] = R

    @torch.inference_mode()
    def __call__(self, m, show=1):
        m.eval(); m.encoder.set_default_att_context_size([70, 13]); out = {}; ex = []
        for s, R in self.sets.items():
            e = n = 0
            R = sorted(R, key=lambda r: r[0].shape[1])
            for i in range(0, len(R), 8):
                c = R[i:i + 8]; L = torch.tensor([x[0].shape[1] for x in c]); X = torch.zeros(len(c), 80, int(L.max()))
                for j, x in enumerate(c): X[j, :, :x[0].shape[1]] = x[0]
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    h, hl = m.encoder(audio_signal=X, length=L); lp = m.decoder(encoder_output=h)
                for j, (_, ref) in enumerate(c):
                    a = lp[j, :int(hl[j])].argmax(-1).tolist(); a = [k for k, p in zip(a, [-1] + a) if k != p and k != lp.shape[-1] - 1]
                    hyp = m.tokenizer.ids_to_text(a); ee, nn = wer(hyp, ref); e += ee; n += nn
                    if len(ex) < 8 and j == 0 and i in (0, 8): ex.append((s, ref[:70], hyp[:70]))
            out[s] = round(100 * e / n, 1)
        m.train()
        return out, ex
