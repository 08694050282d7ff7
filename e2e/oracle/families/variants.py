"""Encoder options outside the published recipes, on small untrained models."""
from __future__ import annotations

from dataclasses import asdict, replace

import nemo
import torch

from cases import Context, build_bpe, case, save
from configs import asr_config, block, conformer, conv_encoder, ctc_decoding, ctc_head, mel_frontend
from environment import ASR, Config, RATE
from record import attempt, plain
from stages import encode_audio
from texts import LABELS
from training import enliven

VARIANTS: dict[str, Config] = {
    "striding-x2": {"subsampling": "striding", "subsampling_factor": 2},
    "vggnet": {"subsampling": "vggnet", "subsampling_factor": 4},
    "stacking": {"subsampling": "stacking", "subsampling_factor": 4},
    "stacking-norm": {"subsampling": "stacking_norm", "subsampling_factor": 4},
    "striding-conv1d": {"subsampling": "striding_conv1d", "subsampling_factor": 4},
    "dw-striding-conv1d": {"subsampling": "dw_striding_conv1d", "subsampling_factor": 8},
    "no-subsampling": {"subsampling": None, "subsampling_factor": 1},
    "abs-pos": {"self_attention_model": "abs_pos"},
    "no-bias-tied": {"use_bias": False, "untie_biases": False, "xscaling": False},
    "group-norm": {"conv_norm_type": "group_norm4"},
    "instance-norm": {"conv_norm_type": "instance_norm"},
    "layer-norm-causal-conv": {"conv_norm_type": "layer_norm", "conv_context_size": "causal"},
    "conv-context": {"conv_context_size": [6, 2]},
    "reduction-pooling": {"reduction": "pooling", "reduction_position": 0, "reduction_factor": 2},
    "reduction-striding-end": {"reduction": "striding", "reduction_position": -1, "reduction_factor": 2},
    "feat-out": {"feat_out": 24},
    "regular-limited": {"att_context_size": [5, 2]},
    "regular-left-only": {"att_context_size": [4, -1]},
    "chunked-limited": {"att_context_size": [6, 2], "att_context_style": "chunked_limited"},
    "chunked-limited-unlimited-left": {"att_context_size": [-1, 2], "att_context_style": "chunked_limited"},
    "chunked-with-right-context": {"att_context_size": [6, 2, 2], "att_context_style": "chunked_limited_with_rc"},
    "dynamic-chunk-convolution": {"att_context_size": [6, 2, 2], "att_context_style": "chunked_limited_with_rc",
                                  "conv_context_style": "dcc"},
    "causal-downsampling-striding": {"subsampling": "striding", "subsampling_factor": 4, "causal_downsampling": True},
}


CHUNKS = [[6, 2, 1], [4, 3, 0]]  # left, chunk, right: what such a model is set to before it is streamed in buffers


@case("conformer-variants")
def conformer_variants(ctx: Context) -> None:
    """One small untrained archive for every other constructor option; encoder outputs of a short clip and of a batch."""
    s = replace(ctx.sizes, d_model=16 if ctx.seed == 1 else 18, heads=2 if ctx.seed == 1 else 3, layers=2, ff_expansion=2,
                channels=4, mels=24 if ctx.seed == 1 else 28)
    ctx.sizes = s
    labels = list(LABELS)
    waves = [ctx.inputs[1].samples(), ctx.inputs[1].samples()[: int(0.61 * RATE)]]
    results: Config = {}
    for name, changes in VARIANTS.items():
        def run() -> Config:
            encoder = conformer(s, **changes)
            width = changes.get("feat_out", s.d_model)
            model = build_bpe(ctx, ASR.EncDecCTCModel, asr_config(
                s, mel_frontend(s.mels), encoder, labels=labels, decoder=ctc_head(s, len(labels), labels, width=width), decoding=ctc_decoding()))
            enliven(model)
            model = save(ctx, model.eval(), f"{name}.nemo")
            ctx.record.json.setdefault("class", f"{type(model).__module__}.{type(model).__qualname__}")
            features, feature_len, encoded, encoded_len = encode_audio(model, waves)
            alone = encode_audio(model, waves[:1])
            ctx.record.arrays.setdefault("features", features.numpy())
            ctx.record.array(f"{name}.batch.encoded", encoded)
            ctx.record.array(f"{name}.single.encoded", alone[2][0])
            with torch.no_grad():
                ctx.record.array(f"{name}.single.log_probs", model.decoder(encoder_output=alone[2])[0])
            for context in CHUNKS if changes.get("att_context_style") == "chunked_limited_with_rc" else []:
                model.encoder.set_default_att_context_size(context)  # NeMo warns, and runs with it
                ctx.record.array(f"{name}.{'_'.join(map(str, context))}.batch.encoded", encode_audio(model, waves)[2])
                ctx.record.array(f"{name}.{'_'.join(map(str, context))}.single.encoded", encode_audio(model, waves[:1])[2][0])
            return {"encoder": changes, "encoded_length": plain(encoded_len), "encoded_shape": list(encoded.shape),
                    "single_shape": list(alone[2].shape), "single_length": plain(alone[3]), "features_length": plain(feature_len)}

        results[name] = attempt(run)
        if "raises" in results[name]:  # NeMo saves it but cannot run it
            (ctx.folder / f"{name}.nemo").unlink(missing_ok=True)
    ctx.record.json.update({"case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__, "torch": torch.__version__, "sizes": asdict(s),
                            "inputs": [{"name": ctx.inputs[1].name, "file": f"../../audio/{ctx.inputs[1].name}.wav"},
                                       {"name": "first 0.61 s of the same"}], "variants": results})


@case("conv-variants")
def conv_variants(ctx: Context) -> None:
    """ConvASREncoder options outside the published recipes: groups, shuffles, heads, max residual, contexts, norms, activations."""
    s = replace(ctx.sizes, mels=24 if ctx.seed == 1 else 28)
    ctx.sizes = s
    f = 16 if ctx.seed == 1 else 24
    variants: dict[str, tuple[Config, list[Config]]] = {
        "no-mask": ({"conv_mask": False}, [block(f, 1, 7, stride=2, residual=False), block(f, 2, 9)]),
        "groups-heads": ({}, [block(f, 1, 7, residual=False, separable=False), block(f, 2, 5, groups=4, separable=False), block(f, 1, 7, heads=4)]),
        "residual-max": ({}, [block(f, 1, 7, residual=False), block(f, 2, 5, residual_mode="max"), block(f, 2, 5)]),
        "stride-every-repeat": ({}, [block(f, 1, 5, residual=False), block(f, 2, 5, stride=2, residual=False), block(f, 1, 5, stride=2, residual_mode="stride_add")]),
        "future-context": ({}, [block(f, 1, 7, residual=False, future_context=2), block(f, 2, 9, future_context=0, dilation=2, residual=False)]),
        "se-context": ({}, [block(f, 1, 7, residual=False, se=True, se_context_size=16, se_interpolation_mode="nearest"),
                            block(f, 2, 5, se=True, se_context_size=32, se_reduction_ratio=4)]),
        "layer-norm-gelu": ({"normalization_mode": "layer", "activation": "gelu"}, [block(f, 1, 7, residual=False), block(f, 2, 5)]),
        "group-norm-selu": ({"normalization_mode": "group", "norm_groups": 4, "activation": "selu"}, [block(f, 1, 7, residual=False), block(f, 2, 5)]),
        "instance-norm-hardtanh": ({"normalization_mode": "instance", "activation": "hardtanh"}, [block(f, 1, 7, residual=False), block(f, 1, 5)]),
    }
    labels = list(LABELS)
    waves = [ctx.inputs[1].samples(), ctx.inputs[1].samples()[: int(0.61 * RATE)]]
    results: Config = {}
    for name, (options, blocks) in variants.items():
        def run() -> Config:
            model = build_bpe(ctx, ASR.EncDecCTCModel, asr_config(
                s, mel_frontend(s.mels, window_size=0.02, pad_to=16), {**conv_encoder(s, blocks), **options}, labels=labels,
                decoder=ctc_head(s, len(labels), labels, width=f), decoding=ctc_decoding()))
            enliven(model)
            model = save(ctx, model.eval(), f"{name}.nemo")
            features, feature_len, encoded, encoded_len = encode_audio(model, waves)
            alone = encode_audio(model, waves[:1])
            ctx.record.arrays.setdefault("features", features.numpy())
            ctx.record.array(f"{name}.batch.encoded", encoded)
            ctx.record.array(f"{name}.single.encoded", alone[2][0])
            return {"options": options, "encoded_length": plain(encoded_len), "encoded_shape": list(encoded.shape),
                    "single_shape": list(alone[2].shape), "features_length": plain(feature_len)}

        results[name] = attempt(run)
    ctx.record.json.update({"case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__, "sizes": asdict(s),
                            "inputs": [{"name": ctx.inputs[1].name, "file": f"../../audio/{ctx.inputs[1].name}.wav"},
                                       {"name": "first 0.61 s of the same"}], "variants": results})
