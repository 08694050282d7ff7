"""Everything a case may vary: the base sizes of seed 1, and how another seed draws its own."""
from __future__ import annotations

import random
from dataclasses import dataclass



@dataclass(frozen=True)
class Sizes:
    """Everything a case may vary. `sizes_for` gives the base values for seed 1 and draws the rest otherwise."""

    d_model: int = 24
    heads: int = 4
    layers: int = 2
    kernel: int = 9
    channels: int = 16
    ff_expansion: int = 4
    mels: int = 80
    vocab: int = 64
    written_vocab: int = 96
    pred: int = 32
    pred_layers: int = 1
    joint: int = 32
    durations: tuple[int, ...] = (0, 1, 2, 3, 4)
    contexts: tuple[tuple[int, int], ...] = ((8, 3), (8, 1), (8, 0))
    local: tuple[int, int] = (5, 4)
    filters: int = 48
    decoder_width: int = 32
    decoder_layers: int = 2


def sizes_for(seed: int, case: str) -> Sizes:
    if seed == 1:
        return Sizes()
    draw = random.Random(f"{seed}/{case}")
    heads = draw.choice((2, 3, 4, 6))
    chunk = draw.choice((2, 3, 5))
    return Sizes(
        d_model=heads * 2 * round(draw.choice((28, 36, 40)) / heads / 2),
        heads=heads,
        layers=draw.choice((2, 4)),
        kernel=draw.choice((5, 7, 11, 13)),
        channels=draw.choice((12, 20, 24)),
        ff_expansion=draw.choice((2, 3, 4)),
        mels=draw.choice((64, 72, 96)),
        vocab=draw.choice((50, 58, 77)),
        written_vocab=draw.choice((90, 103, 110)),
        pred=draw.choice((24, 40, 44)),
        pred_layers=draw.choice((1, 2)),
        joint=draw.choice((28, 36, 40)),
        durations=draw.choice(((0, 1, 2, 4, 8), (0, 1, 2), (0, 1, 2, 3, 4, 6), (0, 1, 3))),
        contexts=tuple((chunk * (r + 1), r) for r in sorted({chunk - 1, 0, 1}, reverse=True)) if chunk != 3
        else ((12, 3), (12, 2), (12, 0)),
        local=draw.choice(((4, 7), (6, 3), (3, 3))),
        filters=draw.choice((40, 56)),
        decoder_width=draw.choice((24, 40)),
        decoder_layers=draw.choice((1, 3)),
    )
