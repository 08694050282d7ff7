"""The list of cases, and what every case does with its model: build, save with NeMo, restore, describe."""
from __future__ import annotations

import copy
import random
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nemo
import torch
from nemo.utils.app_state import AppState
from omegaconf import OmegaConf, open_dict

from clips import AUDIO, Clip
from configs import RECIPE_LEFTOVERS
from environment import Config
from record import Record, silence
from sizes import Sizes
from texts import corpus, train_sentencepiece
from training import Lesson


@dataclass
class Context:
    """One case being made."""

    name: str
    seed: int
    out: Path
    work: Path
    sizes: Sizes
    clips: tuple[Clip, ...]
    record: Record
    notes: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> tuple[Clip, ...]:
        return self.clips[:3]

    @property
    def folder(self) -> Path:
        return self.out / self.name

    def audio(self, clip: Clip) -> str:
        return str(AUDIO.folder / f"{clip.name}.wav")

    def draw(self, *options: Any) -> Any:
        """The first option for seed 1, otherwise one by chance."""
        return options[0] if self.seed == 1 else random.Random(f"{self.seed}/{self.name}/{options}").choice(options)

    def tokenizer(self, written: bool = False, **options: Any) -> Path:
        lines = corpus(written, [clip.written if written else clip.plain for clip in self.clips])
        vocab = options.pop("vocab", self.sizes.written_vocab if written else self.sizes.vocab)
        return train_sentencepiece(self.work / "tokenizer", lines, vocab, **options)

    def lesson(self, encode: Callable[[str], list[int]], written: bool = False, clips: Sequence[Clip] | None = None) -> Lesson:
        clips = clips or self.clips
        return Lesson([clip.samples() for clip in clips],
                      [encode(clip.written if written else clip.plain) for clip in clips])


Builder = Callable[[Context], None]
CASES: dict[str, tuple[Builder, int, str | None]] = {}
ODD: set[str] = set()  # made for seeds other than 1 only


def case(name: str, nemo_major: int = 3, needs: str | None = None) -> Callable[[Builder], Builder]:
    """`needs` is a package besides NeMo's own; without it the case is skipped, with a line."""

    def register(builder: Builder) -> Builder:
        CASES[name] = (builder, nemo_major, needs)
        return builder

    return register


def odd_cases(prefix: str, count: int, make: Callable[[Context, random.Random, bool], None], nemo_major: int = 3) -> None:
    """`prefix`-0, `prefix`-1, …: drawn by chance, for seeds other than 1. Those with an odd number are taught a little."""
    for number in range(count):
        name = f"{prefix}-{number}"

        def builder(ctx: Context, taught: bool = number % 2 == 1) -> None:
            make(ctx, random.Random(f"{ctx.seed}/{ctx.name}"), taught)

        builder.__doc__ = make.__doc__
        case(name, nemo_major)(builder)
        ODD.add(name)


def save(ctx: Context, model: Any, file: str = "model.nemo") -> Any:
    """Adds what training leaves in a config, saves with NeMo and gives the model as NeMo restores it."""
    with open_dict(model.cfg):
        for key, value in RECIPE_LEFTOVERS.items():
            if key not in model.cfg:
                model.cfg[key] = copy.deepcopy(value)
        model.cfg.target = f"{type(model).__module__}.{type(model).__qualname__}"
    ctx.folder.mkdir(parents=True, exist_ok=True)
    path = ctx.folder / file
    with silence():
        model.save_to(str(path))
        restored = type(model).restore_from(str(path), map_location="cpu")
    restored.eval()
    ctx.record.json.setdefault("archives", {})[file] = archive_summary(path)
    return restored


def archive_summary(path: Path) -> Config:
    with tarfile.open(path, "r:*") as tar:
        members = [{"name": m.name, "bytes": m.size} for m in tar.getmembers()]
    return {"bytes": path.stat().st_size, "members": members}


def describe(ctx: Context, model: Any, loss: float | None = None, **more: Any) -> None:
    ctx.record.json.update({
        "case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__, "torch": torch.__version__,
        "class": f"{type(model).__module__}.{type(model).__qualname__}", "sizes": asdict(ctx.sizes),
        "parameters": sum(p.numel() for p in model.parameters()), "training_loss": loss,
        "inputs": [{"name": c.name, "file": f"../../audio/{c.name}.wav", "samples": len(c.samples()),
                    "text": c.plain, "written": c.written} for c in ctx.inputs], **more,
    })


def build_bpe(ctx: Context, cls: Any, config: Config) -> Any:
    torch.manual_seed(ctx.seed * 1000 + sum(map(ord, ctx.name)))
    AppState().model_restore_path = None  # a model restored earlier must not leak into this one
    with silence():
        return cls(cfg=OmegaConf.create(config))
