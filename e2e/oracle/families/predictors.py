"""Other transducer heads: stateless predictor, multi-blank, and every option of the LSTM predictor and of the joint."""
from __future__ import annotations

from dataclasses import asdict, replace

import nemo
import torch

from cases import Context, build_bpe, case, save
from configs import asr_config, bpe_tokenizer, conformer, mel_frontend, rnnt_decoding, rnnt_head, rnnt_loss, transducer_defaults
from environment import ASR, Config
from finish import char_ids, finish_rnnt
from record import attempt, hypothesis, silence
from stages import encode_audio, transducer_decisions
from texts import LABELS
from training import enliven, overfit, raw_joint, rnnt_head_loss, sharpen
from transcripts import merged


@case("stateless-rnnt-bpe")
def stateless(ctx: Context) -> None:
    """StatelessTransducerDecoder with layer norm."""
    s = ctx.sizes
    context = ctx.draw(2, 3)
    folder = ctx.tokenizer()
    head = rnnt_head(s)
    head["decoder"] = {"_target_": "nemo.collections.asr.modules.StatelessTransducerDecoder", "normalization_mode": "layer",
                       "context_size": context, "prednet": {"pred_hidden": s.pred, "dropout": 0.2}}
    model = build_bpe(ctx, ASR.EncDecRNNTBPEModel, asr_config(
        s, mel_frontend(s.mels), conformer(s), tokenizer=bpe_tokenizer(folder), **transducer_defaults(s), **head,
        decoding=rnnt_decoding(), loss=rnnt_loss()))
    finish_rnnt(ctx, model, model.tokenizer.text_to_ids, 650)


@case("multiblank-rnnt-bpe")
def multiblank(ctx: Context) -> None:
    """Multi-blank RNNT (big_blank_durations)."""
    s = ctx.sizes
    big = list(ctx.draw((2, 4, 8), (2, 3), (2, 4)))
    folder = ctx.tokenizer()
    model = build_bpe(ctx, ASR.EncDecRNNTBPEModel, asr_config(
        s, mel_frontend(s.mels), conformer(s), tokenizer=bpe_tokenizer(folder), **transducer_defaults(s), **rnnt_head(s, extra=len(big)),
        decoding=rnnt_decoding(model_type="multiblank", strategy="greedy", big_blank_durations=big),
        loss={"loss_name": "multiblank_rnnt", "multiblank_rnnt_kwargs": {"fastemit_lambda": 0.0, "clamp": -1.0, "big_blank_durations": big, "sigma": 0.05}}))
    finish_rnnt(ctx, model, model.tokenizer.text_to_ids, 500, beams=False)


# What to change in decoder, its prednet, joint and its jointnet.
PREDICTORS: dict[str, tuple[Config, Config, Config, Config]] = {
    "batch-norm": ({"normalization_mode": "batch"}, {"pred_rnn_layers": 3, "dropout": 0.2}, {}, {}),
    "layer-norm": ({"normalization_mode": "layer"}, {"pred_rnn_layers": 2, "dropout": 0.0}, {}, {"activation": "tanh", "dropout": 0.0}),
    "projected": ({}, {"pred_rnn_layers": 2, "rnn_hidden_size": 24}, {}, {}),
    "narrow": ({}, {"rnn_hidden_size": 8}, {}, {}),
    "projected-batch-norm": ({"normalization_mode": "batch"}, {"pred_rnn_layers": 2, "rnn_hidden_size": 24}, {}, {}),
    "three-layers": ({}, {"pred_rnn_layers": 3}, {}, {"activation": "sigmoid"}),
    "chrono": ({"random_state_sampling": True}, {"t_max": 30, "weights_init_scale": 0.7, "hidden_hidden_bias_scale": 1.0}, {}, {"dropout": 0.0}),
    "blank-not-pad": ({"blank_as_pad": False}, {"forget_gate_bias": None, "dropout": 0.0}, {}, {"activation": "tanh"}),
    "sampled": ({}, {}, {"_target_": "nemo.collections.asr.modules.SampledRNNTJoint", "n_samples": 8, "fuse_loss_wer": True, "log_softmax": True}, {}),
}


@case("predictor-variants")
def predictor_variants(ctx: Context) -> None:
    """Every option of RNNTDecoder and of the joint on small models taught one clip: greedy decisions with their logits, and what transcribe() says."""
    s = ctx.sizes = replace(ctx.sizes, d_model=16 if ctx.seed == 1 else 18, heads=2 if ctx.seed == 1 else 3, layers=1, ff_expansion=2,
                            channels=4, mels=24 if ctx.seed == 1 else 28, pred=16 if ctx.seed == 1 else 12, joint=20, pred_layers=1)
    labels = list(LABELS)
    wave = ctx.inputs[1].samples()
    lesson = ctx.lesson(char_ids(labels), clips=ctx.inputs[1:2])
    results: Config = {}
    for name, (decoder, prednet, joint, jointnet) in PREDICTORS.items():
        def run() -> Config:
            head = rnnt_head(s)
            head["decoder"].update(decoder)
            head["decoder"]["prednet"].update(prednet)
            head["joint"].update(joint)
            head["joint"]["jointnet"].update(jointnet)
            model = build_bpe(ctx, ASR.EncDecRNNTModel, asr_config(
                s, mel_frontend(s.mels), conformer(s), labels=labels, **transducer_defaults(s), **head, decoding=rnnt_decoding(), loss=rnnt_loss()))
            enliven(model)
            loss = overfit(model, lesson, rnnt_head_loss(model, lesson), 200, lr=1e-2)
            sharpen(model)
            model = save(ctx, model.eval(), f"{name}.nemo")
            ctx.record.json.setdefault("class", f"{type(model).__module__}.{type(model).__qualname__}")
            _, _, encoded, encoded_len = encode_audio(model, [wave])
            steps = transducer_decisions(model, encoded[0])
            taught = torch.arange(1, 26, 2)[None] % len(labels)
            with torch.no_grad():
                predicted, _ = model.decoder.predict(taught, None, add_sos=True)
                ctx.record.array(f"{name}.taught_logits", raw_joint(model, encoded[:, :, :1], predicted.transpose(1, 2))[0, 0])
            ctx.record.array(f"{name}.encoded", encoded[0])
            ctx.record.array(f"{name}.joint_logits", steps["logits"])
            entry = {"decoder": decoder, "prednet": prednet, "joint": joint, "jointnet": jointnet, "encoded_length": int(encoded_len[0]),
                     "decisions": steps["decisions"], "margin": steps["margin"], "training_loss": loss, "taught": taught[0].tolist()}
            for strategy in ("greedy", "greedy_batch"):
                def transcribe() -> Config:
                    with silence():
                        model.change_decoding_strategy(merged(model, strategy=strategy))
                        return hypothesis(model.transcribe([ctx.audio(ctx.inputs[1])], batch_size=1, return_hypotheses=True, verbose=False, num_workers=0)[0])

                entry[strategy] = attempt(transcribe)
            return entry

        results[name] = attempt(run)
        if "raises" in results[name]:  # NeMo saves it but cannot run it
            (ctx.folder / f"{name}.nemo").unlink(missing_ok=True)
    ctx.record.json.update({"case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__, "torch": torch.__version__, "sizes": asdict(s),
                            "inputs": [{"name": ctx.inputs[1].name, "file": f"../../audio/{ctx.inputs[1].name}.wav"}], "variants": results})
