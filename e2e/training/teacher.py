"""Frames of Moonshine tiny's encoder for a shard: the targets of a regression from a middle layer (`--teach`).

  teacher.py NAME     NAME.te.f16 [frames, 288], one frame every 24 ms, and NAME.te.npy (start, frames of each clip)

Moonshine tiny (MIT; Useful Sensors, https://arxiv.org/abs/2410.15608) has heard far more speech than can be had here. It hears the clip as
it is; the student sees it spoilt and warped. Clips that are added later are appended when run again."""
import os, sys, time
import numpy as np, onnxruntime as ort
from shards import DATA

DIM, HOP, FIRST = 288, 384, 447       # samples from frame to frame, and the middle of the first frame
MODEL = os.environ.get("SOTTO_TEACHER", os.path.expanduser("~/sotto-train/tts/moonshine/package/dist/model/tiny/quantized/encoder_model.onnx"))


def main(name):
    so = ort.SessionOptions(); so.intra_op_num_threads = 1
    s = ort.InferenceSession(MODEL, so, providers=["CPUExecutionProvider"])
    rows = [l.rstrip("\n").split("\t") for l in open(f"{DATA}/{name}.tsv")]
    raw = np.memmap(f"{DATA}/{name}.i16", dtype=np.int16, mode="r")
    at = f"{DATA}/{name}.te.npy"; idx = list(map(tuple, np.load(at))) if os.path.exists(at) else []
    pos = sum(n for _, n in idx); out = open(f"{DATA}/{name}.te.f16", "r+b" if idx else "wb"); out.seek(pos * DIM * 2)
    t0 = time.time(); sec = 0
    for r in rows[len(idx):]:
        x = raw[int(r[0]): int(r[0]) + int(r[1])].astype(np.float32) / 32768; sec += len(x) / 16000
        y = s.run(None, {"input_values": np.pad(x, (0, 800))[None]})[0][0].astype(np.float16)
        out.write(y.tobytes()); idx.append((pos, len(y))); pos += len(y)
        if len(idx) % 500 == 0: save(at, idx, out); print(name, len(idx), round(sec / (time.time() - t0)), "x real time", flush=True)
    save(at, idx, out)


def save(at, idx, out):
    out.flush(); np.save(at + ".tmp.npy", np.array(idx, np.int64)); os.replace(at + ".tmp.npy", at)


if __name__ == "__main__":
    main(sys.argv[1])
