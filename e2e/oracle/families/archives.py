"""One model in every container and config form that is about."""
from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from cases import Context, archive_summary, build_bpe, case
from configs import asr_config, block, conv_encoder, ctc_decoding, ctc_head, mel_frontend
from environment import ASR, Config
from finish import char_ids, finish_ctc
from record import attempt, silence
from stages import encode_audio
from texts import LABELS


def repack(source: Path, target: Path, edit: Callable[[Path], None], *, mode: str = "w", tar_format: int = tarfile.PAX_FORMAT,
           prefix: str = "./", weights_first: bool = False) -> None:
    """Unpacks an archive, edits the folder and packs it in another manner."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with tarfile.open(source) as tar:
            tar.extractall(folder, filter="data")
        edit(folder)
        files = sorted(folder.rglob("*"), key=lambda f: (f.suffix != ".ckpt") if weights_first else f.name)
        with tarfile.open(target, mode, format=tar_format) as tar:
            if prefix:
                tar.add(folder, arcname=".", recursive=False)
            for file in files:
                tar.add(file, arcname=f"{prefix}{file.relative_to(folder)}", recursive=False)


def to_cls_params(node: Any) -> Any:
    """`_target_: X, a: 1`  ->  `cls: X, params: {a: 1}`, the form of NeMo 0.x and 1.0 betas."""
    if isinstance(node, dict):
        body = {key: to_cls_params(value) for key, value in node.items() if key != "_target_"}
        return {"cls": node["_target_"], "params": body} if "_target_" in node else body
    return [to_cls_params(item) for item in node] if isinstance(node, list) else node


@case("old-archives")
def old_archives(ctx: Context) -> None:
    """One character CTC model in every container and config form that is about; all must give model.nemo's outputs."""
    s = replace(ctx.sizes, mels=32)
    ctx.sizes = s
    f = 20 if ctx.seed == 1 else 32
    labels = list(LABELS)
    blocks = [block(f, 1, 11, stride=2, residual=False), block(f, 2, 13), block(f, 1, 1, residual=False, separable=False)]
    model = build_bpe(ctx, ASR.EncDecCTCModel, asr_config(
        s, mel_frontend(s.mels, window_size=0.02, pad_to=16), conv_encoder(s, blocks), labels=labels,
        decoder=ctc_head(s, len(labels), labels, width=f), decoding=ctc_decoding()))
    model = finish_ctc(ctx, model, char_ids(labels), 300, lr=1e-2)
    base = ctx.folder / "model.nemo"

    def config_edit(change: Callable[[Config], Config]) -> Callable[[Path], None]:
        def edit(folder: Path) -> None:
            path = folder / "model_config.yaml"
            config = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
            OmegaConf.save(OmegaConf.create(change(config)), path)

        return edit

    def weights_edit(change: Callable[[Config], Any], **options: Any) -> Callable[[Path], None]:
        def edit(folder: Path) -> None:
            path = folder / "model_weights.ckpt"
            torch.save(change(torch.load(path, weights_only=True)), path, **options)

        return edit

    def old_config(config: Config) -> Config:
        keep = {k: config[k] for k in ("sample_rate", "labels") if k in config}
        for part in ("preprocessor", "spec_augment", "encoder", "decoder"):
            keep[part] = to_cls_params(config[part])
        keep["target"] = "nemo.collections.asr.models.ctc_models.EncDecCTCModel"
        return {**keep, "nemo_version": "1.0.0b4"}

    def both(*edits: Callable[[Path], None]) -> Callable[[Path], None]:
        return lambda folder: [edit(folder) for edit in edits] and None

    legacy = weights_edit(lambda w: w, _use_new_zipfile_serialization=False)
    nothing: Callable[[Path], None] = lambda folder: None
    half = lambda dtype: weights_edit(lambda w: {k: v.to(dtype) if v.is_floating_point() else v for k, v in w.items()})  # noqa: E731

    def strided(weights: Config) -> Config:
        """Non-contiguous and shared storages: a transposed copy, and slices of one big tensor."""
        out = dict(weights)
        big = torch.cat([v.reshape(-1) for v in weights.values() if v.dtype == torch.float32])
        offset = 0
        for key, value in weights.items():
            if value.dtype != torch.float32:
                continue
            flat = big[offset : offset + value.numel()]
            offset += value.numel()
            out[key] = flat.view(value.shape)
        name = "decoder.decoder_layers.0.weight"
        out[name] = weights[name].permute(2, 1, 0).contiguous().permute(2, 1, 0)
        return out

    forms: dict[str, Config] = {
        "gzip-1.0.0": {"edit": config_edit(lambda c: {**c, "nemo_version": "1.0.0"}), "mode": "w:gz"},
        "gzip-cls-params-legacy-pickle": {"edit": both(config_edit(old_config), legacy), "mode": "w:gz", "tar_format": tarfile.GNU_FORMAT},
        "legacy-pickle": {"edit": legacy},
        "no-dot-prefix-weights-first": {"edit": nothing, "prefix": "", "weights_first": True, "tar_format": tarfile.GNU_FORMAT},
        "ustar": {"edit": nothing, "tar_format": tarfile.USTAR_FORMAT},
        "float16": {"edit": half(torch.float16)},
        "bfloat16": {"edit": half(torch.bfloat16)},
        "float64": {"edit": half(torch.float64)},
        "shared-and-strided-storages": {"edit": weights_edit(strided)},
        "parameters": {"edit": weights_edit(lambda w: {k: torch.nn.Parameter(v) if v.is_floating_point() else v for k, v in w.items()})},
        "with-model-key": {"edit": config_edit(lambda c: {"name": "QuartzNet", "trainer": {"devices": 1}, "model": c})},
        "interpolations": {"edit": config_edit(lambda c: {**c, "labels": c["labels"], "preprocessor": {**c["preprocessor"], "sample_rate": "${sample_rate}"},
                                                            "decoder": {**c["decoder"], "vocabulary": "${labels}"}})},
        "unknown-keys": {"edit": config_edit(lambda c: {**c, "new_feature": {"a": [1, {"b": None}]}, "interctc": {"loss_weights": [], "apply_at_layers": []}})},
    }
    results: Config = {}
    for name, form in forms.items():
        target = ctx.folder / f"{name}.nemo"
        options = {k: v for k, v in form.items() if k != "edit"}
        repack(base, target, form["edit"], **options)

        def check() -> Config:
            with silence():
                other = ASR.EncDecCTCModel.restore_from(str(target), map_location="cpu").float().eval()
                text = other.transcribe([ctx.audio(ctx.inputs[0])], verbose=False)[0].text
            other.eval()
            scores = other.decoder(encoder_output=encode_audio(other, [ctx.inputs[0].samples()])[2])[0]
            difference = float((scores - torch.from_numpy(ctx.record.arrays["single.0.log_probs"])).abs().max())
            return {"text": text, "log_probs_max_difference_from_model.nemo": difference}

        with torch.no_grad():
            results[name] = {"file": target.name, **archive_summary(target), "nemo_restores_it": attempt(check)}
    evil = ctx.folder / "evil-pickle.nemo"
    repack(base, evil, weights_edit(lambda w: {**w, "surprise": Evil()}))
    results["evil-pickle"] = {"file": evil.name, "expected": "an engine must refuse it: its pickle calls os.getcwd",
                              "nemo_restores_it": attempt(lambda: str(ASR.EncDecCTCModel.restore_from(str(evil), map_location="cpu")))}
    unpacked = ctx.folder / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir()
    with tarfile.open(base) as tar:
        tar.extractall(unpacked, filter="data")
    results["unpacked"] = {"file": "unpacked/", "expected": "the same model as a folder of files"}
    ctx.record.json["forms"] = results


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.getcwd, ())
