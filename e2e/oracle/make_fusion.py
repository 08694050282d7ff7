"""Scores of NeMo's n-gram model and boosting trees along random token sequences: e2e/fixtures/fusion.

    python make_fusion.py ../fixtures/fusion

The ARPA file has four orders and random weights, with gaps: tokens without a unigram, histories without a backoff, ends of sentences. The phrases
share beginnings and contain one another, so that every kind of failure arc is walked. The models are saved by NeMo too.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import torch
from nemo.collections.asr.parts.context_biasing.boosting_graph_batched import GPUBoostingTreeModel
from nemo.collections.asr.parts.context_biasing.context_graph_universal import ContextGraph
from nemo.collections.asr.parts.submodules.ngram_lm import NGramGPULanguageModel

VOCABULARY = 12
ORDER = 4


def random_arpa(path: Path, draw: random.Random) -> None:
    """Sentences give the n-grams, so that every history and every suffix is there."""
    known = [chr(100 + token) for token in range(VOCABULARY - 3)]
    grams: list[set[tuple[str, ...]]] = [set() for _ in range(ORDER + 1)]
    for _ in range(12):
        row = ["<s>", *draw.choices(known, k=draw.randint(2, 7)), "</s>"]
        for order in range(1, ORDER + 1):
            grams[order] |= {tuple(row[at : at + order]) for at in range(len(row) - order + 1)}
    grams[1] |= {(token,) for token in [*known, "<s>", "</s>", "<unk>"]}
    lines = ["\\data\\", *(f"ngram {order}={len(grams[order])}" for order in range(1, ORDER + 1))]
    for order in range(1, ORDER + 1):
        lines += ["", f"\\{order}-grams:"]
        for gram in sorted(grams[order]):
            backoff = "" if order == ORDER or gram[-1] == "</s>" else f"\t{draw.uniform(-1, 0.2):.4f}"
            lines.append(f"{draw.uniform(-3, -0.1):.4f}\t{' '.join(gram)}{backoff}")
    path.write_text("\n".join([*lines, "", "\\end\\", ""]), "utf8")


def walk(model: Any, sequence: list[int]) -> dict[str, Any]:
    """Score of every token of a sequence, and of ending after it."""
    state = model.get_init_states(1, bos=True)
    scores = []
    for token in sequence:
        step, states = model.advance(state)
        scores.append(round(float(step[0, token]), 5))
        state = states[:, token]
    return {"tokens": sequence, "scores": scores, "final": round(float(model.get_final(state)[0]), 5)}


def main(folder: Path) -> None:
    draw = random.Random(1)
    random_arpa(folder / "four-gram.arpa", draw)
    sequences = [draw.choices(range(VOCABULARY), k=draw.randint(0, 14)) for _ in range(24)]
    lm = NGramGPULanguageModel.from_file(folder / "four-gram.arpa", vocab_size=VOCABULARY)
    lm.save_to(str(folder / "four-gram.nemo"))
    results: dict[str, Any] = {"vocabulary": VOCABULARY, "ngram": [walk(lm, sequence) for sequence in sequences], "trees": []}

    phrases = [[1, 2, 3], [2, 3, 4, 5], [1, 2], [3], [7, 7, 7], [5, 1, 2, 3, 9], [0, 1]]
    sequences = [draw.choices([0, 1, 2, 3, 4, 5, 7, 9], k=14) for _ in range(12)] + [[5, 1, 2, 3, 4, 5, 1, 2, 3, 9], [7, 7, 7, 7, 1]]
    for options in (
        {"context_score": 1.0, "depth_scaling": 2.0, "scores": [0.0] * 7, "unk_score": 0.0, "final_eos_score": 1.0, "uniform_weights": False},
        {"context_score": 1.5, "depth_scaling": 1.0, "scores": [0.0, 0.4, 0.0, 3.0, 0.0, 0.2, 0.0], "unk_score": -0.3, "final_eos_score": 0.5, "uniform_weights": False},
        {"context_score": 0.7, "depth_scaling": 2.0, "scores": [0.0, 0.4, 0.0, 3.0, 0.0, 0.2, 0.0], "unk_score": 0.0, "final_eos_score": 1.0, "uniform_weights": True},
    ):
        graph = ContextGraph(context_score=options["context_score"], depth_scaling=options["depth_scaling"])
        graph.build(token_ids=phrases, scores=options["scores"], phrases=[str(p) for p in phrases], uniform_weights=options["uniform_weights"])
        tree = GPUBoostingTreeModel.from_context_graph(
            graph, VOCABULARY, options["unk_score"], options["final_eos_score"], use_triton=False, uniform_weights=options["uniform_weights"])
        tree.save_to(str(folder / f"tree-{len(results['trees'])}.nemo"))
        results["trees"].append({"phrases": phrases, **options, "walks": [walk(tree, sequence) for sequence in sequences]})
    (folder / "expected.json").write_text(json.dumps(results) + "\n", "utf8")


if __name__ == "__main__":
    with torch.no_grad():
        main(Path(sys.argv[1]))
