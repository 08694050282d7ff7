"""Small torch files, tars and YAMLs with what torch, tarfile and OmegaConf read from them; for src/archive.

    python make_archives.py [--out ../fixtures/archive]
"""

import argparse
import gzip
import io
import json
import os
import tarfile
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch
from nemo.utils.model_utils import maybe_update_config_version
from omegaconf import OmegaConf
from safetensors.torch import save_file

FLOATS = [0.0, -1.5, 3.140625, 65504.0, 6e-8, float("inf")]
LONG_NAME = "0123456789abcdef" * 8 + "_tokenizer.model"


def tensors() -> OrderedDict:
    """Every element type, and every way a view can lie in its storage."""
    state = OrderedDict()
    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
        state[str(dtype)[6:]] = torch.tensor(FLOATS, dtype=dtype)
    for dtype in (torch.int64, torch.int32, torch.int16, torch.int8):
        state[str(dtype)[6:]] = torch.tensor([[-128, 0, 127]], dtype=dtype)
    state["uint8"] = torch.tensor([0, 200, 255], dtype=torch.uint8)
    state["bool"] = torch.tensor([True, False, True])
    state["scalar"] = torch.tensor(1234567, dtype=torch.int64)
    state["empty"] = torch.zeros(0, 3)
    base = torch.arange(24, dtype=torch.float32)
    state["base"] = base
    state["tied"] = base
    state["slice"] = base[6:18].view(3, 4)
    state["transposed"] = base.view(2, 3, 4).permute(2, 0, 1)
    state["columns"] = base.view(4, 6)[1:, 1:4]
    state["expanded"] = base[:2].view(2, 1).expand(2, 3)
    state["half_transposed"] = torch.arange(6, dtype=torch.float16).view(2, 3).t()
    state["parameter"] = torch.nn.Parameter(torch.tensor([0.25, -0.5]))
    return state


class Evil:
    def __reduce__(self):
        return (os.getcwd, ())


def rewrite_zip(data: bytes, change, method=zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", method) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), change(name, source.read(name)), method)
    return out.getvalue()


def saved(value, **options) -> bytes:
    out = io.BytesIO()
    torch.save(value, out, **options)
    return out.getvalue()


def tar(files: dict[str, bytes], form: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:", format=form) as archive:
        folder = tarfile.TarInfo(".")
        folder.type, folder.mtime = tarfile.DIRTYPE, 1.25 if form == tarfile.PAX_FORMAT else 1
        archive.addfile(folder)
        for name, data in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size, info.mtime = len(data), folder.mtime
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


YAML = """\
model:
  sample_rate: 16000
  dither: 1e-5
  lr: 1.0e-05
  big: 1_000
  octal: 010
  letters: [n, y, 'on', on, off, ~, null, No]
  time: 12:30
  date: 2024-01-02
  anchored: &a {x: 1}
  alias: *a
  merged: {<<: *a, y: 2}
  path: !!python/object/apply:pathlib.PosixPath [/, data, x.json]
  absolute: ${model.sample_rate}
  outside: ${trainer.devices}
  chain: ${model.absolute}
  text: rate ${model.sample_rate} ${model.letters[3]} ${model.letters.5}
  nested: ${model.${key}}
  relative: {a: 3, b: "${.a}", c: "${..sample_rate}"}
  product: ${multiply:${model.sample_rate},2}
  tree: ${model.encoder}
  quoted:
    escaped: \\${model.sample_rate}
  encoder: {cls: a.b.Encoder, params: {feat_in: 64, inner: {cls: a.b.Inner, params: {k: 1}}}, list: [{cls: x}]}
  optional:
    missing: ???
trainer: {devices: 1, env: "${oc.env:HOME}"}
key: sample_rate
"""


def read_config(text: str):
    OmegaConf.register_new_resolver("multiply", lambda x, y: x * y, replace=True)
    config = OmegaConf.create(OmegaConf.to_container(OmegaConf.load(io.StringIO(text)).model, resolve=True))
    return OmegaConf.to_container(maybe_update_config_version(config))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "fixtures" / "archive")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)

    state = tensors()
    current = saved(state)
    files = {
        "current.ckpt": current,
        "protocol-4.ckpt": saved(state, pickle_protocol=4),
        "legacy.ckpt": saved(state, _use_new_zipfile_serialization=False),
        "lightning.ckpt": saved({"epoch": 3, "global_step": 7, "state_dict": state, "lr_schedulers": [None, {"a": (1, 2.5)}], "big": 2**70}),
        "deflated.ckpt": rewrite_zip(current, lambda name, data: data, zipfile.ZIP_DEFLATED),
        "big-endian.ckpt": rewrite_zip(current, lambda name, data: b"big" if name.endswith("byteorder") else data),
        "evil.ckpt": saved({**state, "surprise": Evil()}),
        "evil-legacy.ckpt": saved({**state, "surprise": Evil()}, _use_new_zipfile_serialization=False),
    }
    small = saved({"w": torch.tensor([1.0, 2.0])})
    members = {"model_weights.ckpt": small, LONG_NAME: b"abc", "model_config.yaml": b"sample_rate: 16000\n", "empty.txt": b""}
    for name, form in (("pax", tarfile.PAX_FORMAT), ("gnu", tarfile.GNU_FORMAT)):
        files[f"{name}.nemo"] = tar(members, form)
    members.pop(LONG_NAME)
    files["ustar.nemo"] = tar(members, tarfile.USTAR_FORMAT)
    files["gzip.nemo"] = gzip.compress(files["pax.nemo"], mtime=0)
    files["config.yaml"] = YAML.encode()
    for name, data in files.items():
        (out / name).write_bytes(data)
    save_file({name: value.detach().contiguous().clone() for name, value in state.items()}, out / "current.safetensors")

    numbers = lambda value: [str(x) for x in value.detach().double().reshape(-1).tolist()]  # noqa: E731
    expected = {
        "torch": torch.__version__,
        "tensors": {k: {"dtype": str(v.dtype)[6:], "shape": list(v.shape), "values": numbers(v)} for k, v in state.items()},
        "config": read_config(YAML),
    }
    (out / "expected.json").write_text(json.dumps(expected, indent=1, default=str) + "\n")


main()
