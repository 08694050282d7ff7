"""ASRWithTTSModel; NeMo 2.7 is the last that has it."""
from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from cases import Context, archive_summary, build_bpe, case
from configs import asr_config, bpe_tokenizer, conformer, ctc_decoding, ctc_head, mel_frontend
from environment import ASR
from finish import finish_ctc
from record import silence
from stages import encode_audio


@case("asr-with-tts", nemo_major=2)
def asr_with_tts(ctx: Context) -> None:
    """ASRWithTTSModel written by NeMo 2.7 around a real tiny ASR model; the TTS model is a stub with the right place in
    config and weights. fused.nemo: the same with asr_model_fuse_bn; extracted.nemo: what save_asr_model_to writes."""
    from nemo.collections.asr.models import hybrid_asr_tts_models as module
    from nemo.core.classes import ModelPT

    class FastPitchModel(ModelPT):
        def __init__(self, cfg: DictConfig, trainer: Any = None) -> None:
            super().__init__(cfg=cfg, trainer=trainer)
            self.stub = torch.nn.Linear(cfg.n_mel_channels, 4)

        def setup_training_data(self, *_: Any) -> None: ...
        def setup_validation_data(self, *_: Any) -> None: ...

        @classmethod
        def list_available_models(cls) -> None: ...

    FastPitchModel.__module__ = "nemo.collections.tts.models.fastpitch"
    FastPitchModel.__qualname__ = "FastPitchModel"
    s = replace(ctx.sizes, layers=2, d_model=24, heads=4, mels=40)
    ctx.sizes = s
    folder = ctx.tokenizer()
    model = build_bpe(ctx, ASR.EncDecCTCModelBPE, asr_config(
        s, mel_frontend(s.mels), conformer(s), tokenizer=bpe_tokenizer(folder), decoder=ctc_head(s), decoding=ctc_decoding()))
    model = finish_ctc(ctx, model, model.tokenizer.text_to_ids, 400)
    with silence():
        tts = FastPitchModel(OmegaConf.create({"target": "nemo.collections.tts.models.fastpitch.FastPitchModel", "n_mel_channels": s.mels, "sample_rate": 22050,
                                               "preprocessor": {"_target_": "nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor", "features": s.mels}}))
        tts_path = ctx.work / "tts.nemo"
        tts.save_to(str(tts_path))
    shutil.copy(ctx.folder / "model.nemo", "asr.nemo")
    module.FastPitchModel = FastPitchModel
    FastPitchModel.restore_from = classmethod(lambda cls, *a, **k: tts)  # type: ignore[method-assign]
    for name, fuse in (("hybrid.nemo", False), ("fused.nemo", True)):
        with silence():
            hybrid = module.ASRWithTTSModel.from_pretrained_models("asr.nemo", tts_path, asr_model_fuse_bn=fuse)
            hybrid.save_to(str(ctx.folder / name))
            hybrid.eval()
        ctx.record.json["archives"][name] = archive_summary(ctx.folder / name)
        _, _, encoded, _ = encode_audio(hybrid.asr_model, [ctx.inputs[0].samples()])
        ctx.record.array(f"{name}.single.0.encoded", encoded[0])
        with silence():
            texts = [hybrid.asr_model.transcribe([ctx.audio(c)], verbose=False)[0].text for c in ctx.inputs]
            hybrid.eval()
        ctx.record.json[f"{name}.texts"] = texts
        if not fuse:
            with silence():
                hybrid.save_asr_model_to(str(ctx.folder / "extracted.nemo"))
            ctx.record.json["archives"]["extracted.nemo"] = archive_summary(ctx.folder / "extracted.nemo")
