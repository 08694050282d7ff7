"""Parts of a model config in the form of NeMo's published example configs."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from environment import Config, RATE
from sizes import Sizes


def mel_frontend(mels: int, *, window_size: float = 0.025, normalize: Any = "per_feature", pad_to: int = 0, **other: Any) -> Config:
    return {
        "_target_": "nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor", "sample_rate": RATE,
        "normalize": normalize, "window_size": window_size, "window_stride": 0.01, "window": "hann", "features": mels,
        "n_fft": 512, "frame_splicing": 1, "dither": 1e-5, "pad_to": pad_to, "log": True, **other,
    }


def conformer(s: Sizes, **other: Any) -> Config:
    return {
        "_target_": "nemo.collections.asr.modules.ConformerEncoder", "feat_in": s.mels, "feat_out": -1, "n_layers": s.layers,
        "d_model": s.d_model, "use_bias": True, "subsampling": "dw_striding", "subsampling_factor": 8,
        "subsampling_conv_channels": s.channels, "causal_downsampling": False, "reduction": None,
        "reduction_position": None, "reduction_factor": 1, "ff_expansion_factor": s.ff_expansion,
        "self_attention_model": "rel_pos", "n_heads": s.heads, "att_context_size": [-1, -1],
        "att_context_style": "regular", "xscaling": True, "untie_biases": True, "pos_emb_max_len": 5000,
        "conv_kernel_size": s.kernel, "conv_norm_type": "batch_norm", "conv_context_size": None, "dropout": 0.1,
        "dropout_pre_encoder": 0.1, "dropout_emb": 0.0, "dropout_att": 0.1, "stochastic_depth_drop_prob": 0.0,
        "stochastic_depth_mode": "linear", "stochastic_depth_start_layer": 1, **other,
    }


def classic_conformer(s: Sizes, **other: Any) -> Config:
    """The 2020 Conformer: plain striding by 4, as many subsampling channels as the model is wide, large kernel."""
    return conformer(s, subsampling="striding", subsampling_factor=4, subsampling_conv_channels=-1,
                     conv_kernel_size=31 if s.kernel == 9 else 2 * s.kernel + 1, **other)


def spec_augment() -> Config:
    return {"_target_": "nemo.collections.asr.modules.SpectrogramAugmentation", "freq_masks": 2, "time_masks": 5,
            "freq_width": 27, "time_width": 0.05}


def confidence(preserve: bool = False, **method: Any) -> Config:
    return {"preserve_frame_confidence": preserve, "preserve_token_confidence": preserve,
            "preserve_word_confidence": preserve, "exclude_blank": True, "aggregation": "min",
            "method_cfg": {"name": "entropy", "entropy_type": "tsallis", "alpha": 0.33, "entropy_norm": "exp", **method}}


def ctc_decoding(**other: Any) -> Config:
    return {"strategy": "greedy_batch", "preserve_alignments": None, "compute_timestamps": None, "word_seperator": " ",
            "ctc_timestamp_type": "all", "batch_dim_index": 0,
            "greedy": {"preserve_alignments": False, "compute_timestamps": False, "preserve_frame_confidence": False},
            "beam": {"beam_size": 4, "search_type": "default", "preserve_alignments": False, "return_best_hypothesis": True},
            **other}


def rnnt_decoding(**other: Any) -> Config:
    return {"strategy": "greedy_batch", "greedy": {"max_symbols": 10},
            "beam": {"beam_size": 4, "return_best_hypothesis": False, "score_norm": True, "tsd_max_sym_exp": 50,
                     "alsd_max_target_len": 2.0}, **other}


def ctc_head(s: Sizes, classes: int = -1, vocabulary: Sequence[str] = (), width: int | None = None) -> Config:
    return {"_target_": "nemo.collections.asr.modules.ConvASRDecoder", "feat_in": width or s.d_model,
            "num_classes": classes, "vocabulary": list(vocabulary)}


def rnnt_head(s: Sizes, extra: int = 0) -> Config:
    return {
        "decoder": {"_target_": "nemo.collections.asr.modules.RNNTDecoder", "normalization_mode": None,
                    "random_state_sampling": False, "blank_as_pad": True,
                    "prednet": {"pred_hidden": s.pred, "pred_rnn_layers": s.pred_layers, "t_max": None, "dropout": 0.2}},
        "joint": {"_target_": "nemo.collections.asr.modules.RNNTJoint", "log_softmax": None,
                  "preserve_memory": False, "fuse_loss_wer": False, "fused_batch_size": 4,
                  **({"num_extra_outputs": extra} if extra else {}),
                  "jointnet": {"joint_hidden": s.joint, "activation": "relu", "dropout": 0.2}},
    }


def rnnt_loss() -> Config:
    return {"loss_name": "default", "warprnnt_numba_kwargs": {"fastemit_lambda": 0.0, "clamp": -1.0}}


def tdt_loss(durations: Sequence[int]) -> Config:
    return {"loss_name": "tdt", "tdt_kwargs": {"fastemit_lambda": 0.0, "clamp": -1.0, "durations": list(durations),
                                                "sigma": 0.02, "omega": 0.1}}


def asr_config(s: Sizes, preprocessor: Config, encoder: Config, **parts: Any) -> Config:
    return {"sample_rate": RATE, "log_prediction": True, "skip_nan_grad": False, "compute_eval_loss": False,
            "preprocessor": preprocessor, "spec_augment": spec_augment(), "encoder": encoder, **parts}


def bpe_tokenizer(folder: Path) -> Config:
    return {"dir": str(folder), "type": "bpe"}


RECIPE_LEFTOVERS: Config = {
    # what a published archive still carries from training; an engine must walk past it
    "train_ds": {"manifest_filepath": None, "sample_rate": RATE, "batch_size": 16, "shuffle": True, "num_workers": 8,
                 "pin_memory": True, "max_duration": 20.0, "min_duration": 0.1, "is_tarred": False,
                 "tarred_audio_filepaths": None, "bucketing_strategy": "synced_randomized", "bucketing_batch_size": None},
    "validation_ds": {"manifest_filepath": None, "sample_rate": RATE, "batch_size": 16, "shuffle": False, "use_start_end_token": False},
    "optim": {"name": "adamw", "lr": 0.001, "betas": [0.9, 0.98], "weight_decay": 0.001,
              "sched": {"name": "CosineAnnealing", "warmup_steps": 15000, "warmup_ratio": None, "min_lr": 0.0001}},
}


def transducer_defaults(s: Sizes, **other: Any) -> Config:
    return {"model_defaults": {"enc_hidden": s.d_model, "pred_hidden": s.pred, "joint_hidden": s.joint, **other}}


def tdt_parts(s: Sizes) -> Config:
    return {**transducer_defaults(s, tdt_durations=list(s.durations), num_tdt_durations=len(s.durations)),
            **rnnt_head(s, extra=len(s.durations)),
            "decoding": rnnt_decoding(model_type="tdt", durations=list(s.durations)), "loss": tdt_loss(s.durations)}


def hybrid_parts(s: Sizes, weight: float = 0.3) -> Config:
    return {"aux_ctc": {"ctc_loss_weight": weight, "use_cer": False, "ctc_reduction": "mean_batch",
                        "decoder": ctc_head(s), "decoding": ctc_decoding()}}


def causal_conformer(s: Sizes, **other: Any) -> Config:
    return conformer(s, **{"causal_downsampling": True, "att_context_size": [list(c) for c in s.contexts], "att_context_style": "chunked_limited",
                           "att_context_probs": None, "conv_norm_type": "layer_norm", "conv_context_size": "causal", **other})


def block(filters: int, repeat: int, kernel: int, *, stride: int = 1, dilation: int = 1, residual: bool = True,
          separable: bool = True, **other: Any) -> Config:
    return {"filters": filters, "repeat": repeat, "kernel": [kernel], "stride": [stride], "dilation": [dilation],
            "dropout": 0.0, "residual": residual, "separable": separable, **other}


def conv_encoder(s: Sizes, blocks: Sequence[Config], activation: str = "relu", **other: Any) -> Config:
    return {"_target_": "nemo.collections.asr.modules.ConvASREncoder", "feat_in": s.mels, "activation": activation,
            "conv_mask": True, "jasper": list(blocks), **other}
