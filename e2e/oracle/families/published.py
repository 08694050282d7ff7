"""Checkpoints in the forms NVIDIA publishes, tiny and random: numbers say everything, texts are babble."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import librosa
import nemo
import numpy as np
import soundfile
import torch
from omegaconf import OmegaConf, open_dict

from cases import Context, build_bpe, case
from configs import RECIPE_LEFTOVERS, confidence
from environment import Config, RATE
from families.archives import repack
from record import attempt, hypothesis, margin, plain, silence
import odd_shapes  # noqa: F401 - registers them
from shapes import EDITS, KEPT, SHAPES, Shape
from stages import encode_audio
from training import enliven, raw_joint, transducer_durations


@case("published")
def published(ctx: Context) -> None:
    """Configs as published checkpoints have them: old forms, references, left-over keys, odd sizes, characters, 8 kHz, and constructor options."""
    names = KEPT if ctx.seed == 1 else SHAPES
    ctx.record.json.update({"case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__,
                            "inputs": [{"name": clip.name, "file": f"../../audio/{clip.name}.wav"} for clip in (ctx.clips[1], ctx.clips[0])],
                            "models": {name: attempt(lambda: record_shape(ctx, name, SHAPES[name])) for name in names}})


def record_shape(ctx: Context, name: str, make: Shape) -> Config:
    cls, config = make(ctx)
    model = build_bpe(ctx, cls, config)
    enliven(model)
    rate = int(config["sample_rate"])
    waves = [at_rate(wave, rate) for wave in (ctx.clips[1].samples(), ctx.clips[0].samples()[: int(0.61 * RATE)])]
    loosen_tongue(model.eval(), waves[0])
    model = save_edited(ctx, model, name)
    out: Config = {"class": f"{cls.__module__}.{cls.__qualname__}", "sample_rate": rate, "features_length": [], "encoded_length": []}
    margins: list[float] = []
    for i, wave in enumerate(waves):
        features, feature_len, encoded, encoded_len = encode_audio(model, [wave])
        out["features_length"].append(int(feature_len[0]))
        out["encoded_length"].append(int(encoded_len[0]))
        if rate != RATE:
            ctx.record.array(f"{rate}.wave.{i}", wave)
        if i == 1:
            ctx.record.array(f"{name}.{i}.features", features[0])
        ctx.record.array(f"{name}.{i}.encoded", encoded[0])
        for head in (getattr(model, "ctc_decoder", None), getattr(model, "decoder", None)):
            if hasattr(head, "decoder_layers"):
                with torch.no_grad():
                    scores = head(encoder_output=encoded)[0]
                margins.append(margin(scores[: int(encoded_len[0])]))
    together = attempt(lambda: encode_audio(model, waves))
    if not isinstance(together, dict):  # NeMo cannot normalise a batch by fixed statistics
        out["batch_length"] = plain(together[3])
        ctx.record.array(f"{name}.batch.encoded", together[2])
    out["smallest_margin"] = min(margins) if margins else None
    return {**out, **record_texts(ctx, model, waves, rate)}


def at_rate(wave: np.ndarray, rate: int) -> np.ndarray:
    return wave if rate == RATE else librosa.resample(wave, orig_sr=RATE, target_sr=rate).astype(np.float32)


def save_edited(ctx: Context, model: Any, name: str) -> Any:
    """Saved by NeMo, its YAML changed where the shape has an older form, restored by NeMo."""
    with open_dict(model.cfg):
        model.cfg.update({key: value for key, value in RECIPE_LEFTOVERS.items() if key not in model.cfg})
    ctx.folder.mkdir(parents=True, exist_ok=True)
    path = ctx.folder / f"{name}.nemo"

    def change(folder: Path) -> None:
        file = folder / "model_config.yaml"
        OmegaConf.save(OmegaConf.create(EDITS[name](OmegaConf.to_container(OmegaConf.load(file), resolve=True))), file)

    with silence():
        model.save_to(str(path))
        if name in EDITS:
            edited = path.with_suffix(".edited")
            repack(path, edited, change)
            edited.replace(path)
        return type(model).restore_from(str(path), map_location="cpu").eval()


def record_texts(ctx: Context, model: Any, waves: list[np.ndarray], rate: int) -> Config:
    files = []
    for i, wave in enumerate(waves):
        files.append(str(ctx.work / f"{rate}.{i}.wav"))
        soundfile.write(files[-1], wave, rate, subtype="FLOAT")

    def texts(**options: Any) -> list[Any]:
        with silence():
            found = [model.transcribe([file], batch_size=1, return_hypotheses=True, verbose=False, num_workers=0, **options)[0] for file in files]
        model.eval()
        return [hypothesis(one) for one in found]

    out = {"timestamps": texts(timestamps=True)}
    with silence():
        if hasattr(model, "ctc_decoder"):
            model.change_decoding_strategy(decoder_type="ctc")
            out["ctc.timestamps"] = texts(timestamps=True)
            model.change_decoding_strategy(decoder_type="rnnt")
        words = hasattr(model, "tokenizer")  # NeMo cannot aggregate words of characters
        model.change_decoding_strategy(OmegaConf.merge(model.cfg.decoding, OmegaConf.create({
            "preserve_alignments": True, "compute_timestamps": True, "confidence_cfg": {**confidence(True), "preserve_word_confidence": words}})))
        out["confidence"] = attempt(texts)
    return out


def loosen_tongue(model: Any, wave: np.ndarray) -> None:
    """Random heads that speak at about every second frame and say various things."""
    with torch.no_grad():
        encoded = encode_audio(model, [wave])[2]
        if hasattr(model, "joint"):
            layer = model.joint.joint_net[-1]
            layer.weight.mul_(6)
            tokens = layer.out_features - len(transducer_durations(model))
            predicted, _ = model.decoder.predict(None, None, add_sos=False, batch_size=1)
            level(layer.bias[:tokens], raw_joint(model, encoded, predicted.transpose(1, 2))[0, :, 0, :tokens])
        for head in (getattr(model, "ctc_decoder", None), getattr(model, "decoder", None)):
            if hasattr(head, "decoder_layers"):
                layer = head.decoder_layers[0]
                layer.weight.mul_(6)
                level(layer.bias, layer(encoded)[0].T)


def level(bias: torch.Tensor, scores: torch.Tensor) -> None:
    """Takes the mean from every class, and gives the last one, the blank, half of the frames."""
    bias -= scores.mean(0)
    scores = scores - scores.mean(0)
    bias[-1] += (scores[:, :-1].max(1).values - scores[:, -1]).quantile(0.5) + 0.0137  # off any frame's own value
