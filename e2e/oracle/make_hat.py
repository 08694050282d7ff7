"""NeMo's hybrid autoregressive transducer (HATJoint), of which no published archive has one: e2e/fixtures/heads.

    python make_hat.py ../fixtures/heads

hat.ckpt, hat.npz: a random joint and its outputs for five frames. hat.nemo: the archive fastconformer-rnnt-bpe with a HATJoint made of its
joint: labels are its own, less sure of themselves, and the blank's unit is fitted to its blanks. hat.json: what NeMo's beam `maes` answers under
several configs, with the internal language model subtracted (`hat_subtract_ilm`) and without. Needs kenlm.
A beam of one makes NeMo search greedily, which fails on a joint that gives the internal model: such a config has the error under `raises`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nemo.collections.asr.modules.hybrid_autoregressive_transducer import HATJoint
from nemo.collections.asr.parts.preprocessing.segment import AudioSegment
from omegaconf import OmegaConf, open_dict

from make_decoding_options import CLIPS, LM, Config, beams, reading

ILM = {"hat_subtract_ilm": True, "hat_ilm_weight": 0.1}
WITH_LM = {"ngram_lm_model": LM, "ngram_lm_alpha": 0.2}
WIDE = {"beam_size": 5, "maes_num_steps": 3, "maes_expansion_gamma": 8.0}
CONFIGS: dict[str, Config] = {
    "plain": {"strategy": "maes", "beam": beams(**WIDE)},
    "lm": {"strategy": "maes", "beam": beams(**WIDE, **WITH_LM)},
    "temperature": {"strategy": "maes", "beam": beams(**WIDE, **WITH_LM, softmax_temperature=2.0)},
    "ilm": {"strategy": "maes", "beam": beams(**WIDE, **WITH_LM, **ILM)},
    "ilm_narrow": {"strategy": "maes", "beam": beams(beam_size=2, **WITH_LM, **ILM)},
    "ilm_alpha0": {"strategy": "maes", "beam": beams(**WIDE, **WITH_LM, **ILM, maes_prefix_alpha=0)},
    "ilm_alpha3": {"strategy": "maes", "beam": beams(**WIDE, **WITH_LM, **ILM, maes_prefix_alpha=3, score_norm=False)},
    "ilm_temperature": {"strategy": "maes", "beam": beams(**WIDE, **WITH_LM, **ILM, softmax_temperature=2.0)},
    "ilm_without_lm": {"strategy": "maes", "beam": beams(**WIDE, **ILM)},
    "ilm_beam1": {"strategy": "maes", "beam": beams(**{**WIDE, "beam_size": 1}, **WITH_LM, **ILM)},
}
LESS_SURE = 1.5  # divides the labels' logits, so that a beam has something to choose from


def random_joint(folder: Path) -> None:
    torch.manual_seed(1)
    jointnet = {"joint_hidden": 12, "activation": "relu", "dropout": 0.2, "encoder_hidden": 10, "pred_hidden": 8}
    joint = HATJoint(jointnet=jointnet, num_classes=20, vocabulary=[str(i) for i in range(20)]).eval()
    torch.save({f"joint.{name}": value for name, value in joint.state_dict().items()}, folder / "hat.ckpt")
    projected, predicted = torch.randn(5, 12), torch.randn(5, 12)
    with torch.no_grad():
        rows = [joint.joint_after_projection(f[None, None], g[None, None])[0, 0, 0] for f, g in zip(projected, predicted)]
    np.savez(folder / "hat.npz", projected=projected.numpy(), predicted=predicted.numpy(), logits=torch.stack(rows).numpy())


def hidden_of(model: Any, clips: list[str]) -> torch.Tensor:
    """Every frame of the clips joined with every prefix of their text, before the joint's activation: [pairs, joint_hidden]."""
    found = []
    for clip, h in zip(clips, model.transcribe(clips, return_hypotheses=True)):
        tokens = torch.tensor([[model.decoder.blank_idx, *[int(token) for token in h.y_sequence]]])
        samples = torch.tensor(AudioSegment.from_file(clip, target_sr=16000).samples)[None]
        encoded, _ = model(input_signal=samples, input_signal_length=torch.tensor([samples.shape[1]]))
        predicted, _ = model.decoder.predict(tokens, state=None, add_sos=False)
        pairs = model.joint.project_encoder(encoded.transpose(1, 2))[:, :, None] + model.joint.project_prednet(predicted)[:, None]
        found.append(pairs.flatten(0, 2))
    return torch.cat(found)


def hat_archive(fixtures: Path, clips: list[str]) -> Any:
    import nemo.collections.asr as nemo_asr

    source = fixtures / "families" / "fastconformer-rnnt-bpe" / "model.nemo"
    model = nemo_asr.models.ASRModel.restore_from(str(source), map_location="cpu").eval()
    own, config = model.joint, OmegaConf.to_container(model.cfg.joint, resolve=True)
    with torch.no_grad():
        hidden = hidden_of(model, clips)
        scores = own.joint_net(hidden.clone()).log_softmax(-1)
        wanted = torch.logit(scores[:, -1].exp().clamp(0.02, 0.98))
        inputs = torch.cat([hidden.tanh(), torch.ones(len(hidden), 1)], -1)
        ridge = inputs.T @ inputs + 1e-2 * torch.eye(inputs.shape[1])
        fitted = torch.linalg.solve(ridge, inputs.T @ wanted)
    with open_dict(model.cfg):
        model.cfg.joint._target_ = "nemo.collections.asr.modules.HATJoint"
        model.cfg.joint.pop("fuse_loss_wer", None)
    kept = {key: value for key, value in config.items() if key not in ("_target_", "fuse_loss_wer", "fused_batch_size")}
    joint = HATJoint(**kept).eval()
    state = own.state_dict()
    last = max(int(name.split(".")[1]) for name in state if name.startswith("joint_net."))
    for kind in ("weight", "bias"):
        state[f"joint_net.{last}.{kind}"] = state[f"joint_net.{last}.{kind}"][:-1] / LESS_SURE
    state["blank_pred.2.weight"], state["blank_pred.2.bias"] = fitted[None, :-1], fitted[-1:]
    joint.load_state_dict(state)
    model.joint = joint
    return model


def main(folder: Path) -> None:
    import nemo.collections.asr as nemo_asr

    random_joint(folder)
    fixtures = folder.parent
    clips = [str(fixtures / "audio" / f"{clip}.wav") for clip in CLIPS]
    hat_archive(fixtures, clips).save_to(str(folder / "hat.nemo"))
    model = nemo_asr.models.ASRModel.restore_from(str(folder / "hat.nemo"), map_location="cpu").eval()
    assert isinstance(model.joint, HATJoint)
    own = OmegaConf.to_container(model.cfg.decoding, resolve=True)
    results: Config = {}

    def transcripts(config: Config) -> list[Any]:
        opened = json.loads(json.dumps(config).replace(LM, str(fixtures / "families" / "decoding" / LM)))
        with open(os.devnull, "w") as sink, contextlib.redirect_stderr(sink), contextlib.redirect_stdout(sink):
            model.change_decoding_strategy(OmegaConf.merge(own, {"compute_timestamps": False}, opened), verbose=False)
            return [reading(model.transcribe([clip], return_hypotheses=True)[0]) for clip in clips]

    for key, config in CONFIGS.items():
        try:
            answer: Config = {"hypotheses": transcripts(config)}
        except Exception as error:  # noqa: BLE001
            model.joint.return_hat_ilm = False  # NeMo puts it back only after a search that ended well
            answer = {"raises": f"{type(error).__name__}: {str(error)[:80]}"}
        results[key] = {"config": config, **answer}
        print(key, answer.get("raises", ""), flush=True)
    (folder / "hat.json").write_text("{\n" + ",\n".join(
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}" for key, value in results.items()) + "\n}\n", "utf8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
