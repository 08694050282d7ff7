"""e2e/fixtures/timestamps: ids and frames with the text and the stamps NeMo makes of them, one or two a family, and kaldialign's edit counts.

    python make_timestamps.py ../fixtures

Reads the families of that folder, so run make_fixtures.py first. Ids of a CTC head are the collapsed best path of its recorded log-probs; seconds
are multiplied once more by NeMo, because the families' have nine digits.
"""
from __future__ import annotations

import copy
import json
import random
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from environment import Config  # first: it quietens NeMo

import kaldialign
import numpy as np
import sentencepiece
import yaml
from nemo.collections.asr.parts.utils.rnnt_utils import Hypothesis
from nemo.collections.asr.parts.utils.timestamp_utils import process_timestamp_outputs

SEED = 1

# case, key of its answer, and which of the inputs
ANSWERS = [
    ("conformer-ctc-bpe", "timestamps", 0), ("conformer-ctc-char", "timestamps", 1), ("conformer-ctc-wpe", "timestamps", 0), ("fastconformer-ctc-bpe", "timestamps", 1),
    ("agg-codeswitch-ctc", "timestamps", 2), ("agg-codeswitch-rnnt", "timestamps", 2), ("conformer-rnnt-char", "timestamps", 1), ("fastconformer-rnnt-bpe", "timestamps", 0),
    ("hybrid-rnnt-ctc", "timestamps", 0), ("fastconformer-tdt-bpe", "timestamps", 0), ("prompt-hybrid-rnnt-ctc", "greedy.strip_lang_tags", 0), ("eou-rnnt-streaming", "timestamps", 1),
    ("canary2-aed", "beam1.en_timestamps", 0),
]
# of the case `decoding`, which asks hybrid-tdt-ctc
SEGMENTS = [("ctc", "separators"), ("ctc", "gap_3"), ("ctc", "gap_1"), ("tdt", "separators"), ("tdt", "gap_3"), ("tdt", "gap_1")]


def main(fixtures: Path) -> None:
    families = fixtures / "families"
    cases = [entry(families / case, f"{case}/{key}/single/{index}", lookup(families / case, key)["single"][index], index) for case, key, index in ANSWERS]
    for decoder, change in SEGMENTS:
        name = f"timestamps.{decoder}.{change}"
        found = lookup(families / "decoding", "results")[name]
        cases.append({**entry(families / "hybrid-tdt-ctc", f"decoding/results/{name}/hypotheses/0", found["hypotheses"][0], 0, decoder),
                      "segmentSeparators": found["decoding"].get("segment_seperators"), "segmentGapThreshold": found["decoding"].get("segment_gap_threshold")})
    versions = {name: version(name) for name in ("kaldialign", "sentencepiece")}
    out = fixtures / "timestamps"
    out.mkdir(exist_ok=True)
    write(out / "cases.json", {"nemo": lookup(families / "hybrid-tdt-ctc", "nemo"), "seed": lookup(families / "hybrid-tdt-ctc", "seed"), "versions": versions}, cases)
    write(out / "edit-distance.json", {"seed": SEED, "versions": versions}, edit_distances())


def lookup(folder: Path, key: str) -> Any:
    return json.loads((folder / "expected.json").read_text("utf8"))[key]


def write(path: Path, head: Config, cases: list[Any]) -> None:
    rows = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases)
    path.write_text(f'{json.dumps(head)[:-1]}, "cases": [\n{rows}\n]}}\n', "utf8")


def entry(folder: Path, name: str, answer: Config, index: int, decoder: str | None = None) -> Config:
    config, kind, pieces = tokenizer_of(folder / "model.nemo")
    decoder = decoder or decoder_of(config)
    stride, factor = config["preprocessor"]["window_stride"], config["encoder"]["subsampling_factor"]
    stamps = in_seconds(answer["timestamp"], stride, factor)
    path = {"ids": answer.get("y_sequence"), "frames": stamps.get("timestep"), "durations": answer.get("token_duration")}
    if decoder == "ctc":
        path = {**best_path(folder, index), "durations": None}
    elif decoder == "rnnt":
        path["durations"] = None
    spans = {key: [[one[key], *(one[part] for part in ("start_offset", "end_offset", "start", "end") if part in one)]
                   for one in stamps.get(key, [])] for key in ("char", "word", "segment")}
    return {"name": name, "kind": kind, "pieces": pieces, "decoder": decoder, **path, "windowStride": stride, "subsamplingFactor": factor,
            "segmentSeparators": None, "segmentGapThreshold": None, "text": answer["text"], **spans}


def in_seconds(stamps: Config, stride: float, factor: int) -> Config:
    if not any("start" in one for one in stamps.get("word", [])):
        return stamps  # asked for by config, not by timestamps=True: frames only
    found = Hypothesis(score=0.0, y_sequence=[], timestamp=copy.deepcopy(stamps))
    return process_timestamp_outputs([found], factor, stride)[0].timestamp


def decoder_of(config: Config) -> str:
    if "transf_decoder" in config:
        return "aed"
    if "joint" not in config:
        return "ctc"
    return "tdt" if config["decoding"].get("durations") else "rnnt"


def best_path(folder: Path, index: int) -> Config:
    with np.load(folder / "expected.npz") as arrays:
        scores = arrays[next(name for name in (f"single.{index}.log_probs", f"single.{index}.ctc_log_probs") if name in arrays)]
    best = scores.argmax(1).tolist()
    frames = [frame for frame, label in enumerate(best) if label != scores.shape[1] - 1 and (frame == 0 or best[frame - 1] != label)]
    return {"ids": [best[frame] for frame in frames], "frames": frames}


def tokenizer_of(archive: Path) -> tuple[Config, str, list[str]]:
    """The config, the kind of tokenizer and its pieces, in the order of their ids."""
    with tarfile.open(archive) as tar:
        files = {member.name.removeprefix("./"): tar.extractfile(member).read() for member in tar.getmembers() if member.isfile()}  # type: ignore[union-attr]
    config = yaml.safe_load(files["model_config.yaml"])
    tokenizer = config.get("tokenizer")
    if tokenizer is None:
        return config, "char", config["labels"] if "labels" in config else config["decoder"]["vocabulary"]
    if tokenizer["type"] == "wpe":
        return config, "wordpiece", files[tokenizer["vocab_path"].removeprefix("nemo:")].decode().splitlines()
    parts = tokenizer["langs"].values() if tokenizer["type"] == "agg" else [tokenizer]
    pieces: list[str] = []
    for part in parts:
        model = sentencepiece.SentencePieceProcessor(model_proto=files[part["model_path"].removeprefix("nemo:")])
        pieces += [model.id_to_piece(piece) for piece in range(model.vocab_size())]
    return config, "aggregate" if tokenizer["type"] == "agg" else "sentencepiece", pieces


def edit_distances() -> list[list[Any]]:
    """[reference, hypothesis, substitutions, insertions, deletions] of random words over few letters, where many alignments are as short."""
    draw = random.Random(SEED)
    rows = []
    for _ in range(200):
        letters = "abcde"[: draw.choice((2, 3, 5))]
        reference, hypothesis = ("".join(draw.choices(letters, k=draw.randrange(14))) for _ in range(2))
        counts = kaldialign.edit_distance(list(reference), list(hypothesis))
        rows.append([reference, hypothesis, counts["sub"], counts["ins"], counts["del"]])
    return rows


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
