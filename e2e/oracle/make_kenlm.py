"""KenLM binaries of every kind with KenLM's own scores, and CTC beams over words by flashlight and pyctcdecode: e2e/fixtures/kenlm.

    python make_kenlm.py ../fixtures BUILD_BINARY

BUILD_BINARY is the program of that name of KenLM (github.com/kpu/kenlm, sources of kenlm 0.3.0). Reads fusion/four-gram.arpa and the scores and language models of the case
`decoding`. NeMo calls flashlight-text 0.0.7 and pyctcdecode 0.5.0; flashlight's search without a lexicon is called directly, with tokens in
their own order, where NeMo mixes them up.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import kenlm
import numpy as np
import torch
from flashlight.lib.text.decoder import CriterionType, KenLM, LexiconFreeDecoder, LexiconFreeDecoderOptions
from flashlight.lib.text.dictionary import Dictionary
from nemo.collections.asr.parts.submodules.ctc_beam_decoding import BeamCTCInfer, FlashlightConfig, PyCTCDecodeConfig
from nemo.collections.common.tokenizers.sentencepiece_tokenizer import SentencePieceTokenizer

KINDS = {
    "probing": ["probing"],
    "trie": ["trie"],
    "quantised": ["-q", "5", "-b", "4", "trie"],
    "array": ["-a", "22", "trie"],
    "quantised-array": ["-q", "6", "-b", "5", "-a", "3", "trie"],
}


def build(program: str, options: list[str], arpa: Path, out: Path) -> Path:
    subprocess.run([program, *options, str(arpa), str(out)], check=True, capture_output=True)
    return out


def lower_orders(arpa: Path, folder: Path) -> list[Path]:
    """The model cut to its first orders, as rest costs want it; the longest n-grams of a model have no backoff."""
    header, *sections = arpa.read_text("utf8").replace("\\end\\", "").split("-grams:\n")
    counts = [line for line in header.split("\n") if line.startswith("ngram ")]
    grams = [[line.split("\t") for line in section.split("\n") if "\t" in line] for section in sections]
    files = []
    for order in range(1, len(grams)):
        lines = ["\\data\\", *counts[:order]]
        for length in range(1, order + 1):
            rows = [row if length < order else row[:2] for row in grams[length - 1]]
            lines += ["", f"\\{length}-grams:", *("\t".join(row) for row in rows)]
        files.append(folder / f"rest-{order}.arpa")
        files[-1].write_text("\n".join([*lines, "", "\\end\\", ""]), "utf8")
    return files


def tokenizer_of(archive: Path, copy: Path) -> SentencePieceTokenizer:
    with tarfile.open(archive) as tar:
        member = next(name for name in tar.getnames() if name.endswith("tokenizer.model"))
        copy.write_bytes(tar.extractfile(member).read())  # type: ignore[union-attr]
    return SentencePieceTokenizer(str(copy))


def walk(model: kenlm.Model, words: list[str]) -> list[float]:
    """Base-10 logarithms of every word, and of the end."""
    state, after, scores = kenlm.State(), kenlm.State(), []
    model.BeginSentenceWrite(state)
    for word in [*words, "</s>"]:
        scores.append(round(model.BaseScore(state, word, after), 6))
        state, after = after, kenlm.State()
    return scores


def shown(readings: list[Any]) -> list[dict[str, Any]]:
    return [{"tokens": [int(token) for token in h.y_sequence], "score": round(float(h.score), 5), **({"text": h.text} if h.text else {})} for h in readings[:6]]


def flashlight_without_lexicon(scores: torch.Tensor, vocabulary: list[str], lm: Path, options: dict[str, float]) -> list[dict[str, Any]]:
    words = Dictionary([*vocabulary, *([] if "<unk>" in vocabulary else ["<unk>"])])
    blank, silence = len(vocabulary), vocabulary.index("<unk>")
    decoder = LexiconFreeDecoder(LexiconFreeDecoderOptions(
        beam_size=int(options["beam_size"]), beam_size_token=int(options["beam_size_token"]), beam_threshold=options["beam_threshold"],
        lm_weight=options["lm_weight"], sil_score=options["sil_score"], log_add=False, criterion_type=CriterionType.CTC), KenLM(str(lm), words), silence, blank, [])
    emissions = scores.contiguous()
    found = []
    for result in decoder.decode(emissions.data_ptr(), *emissions.shape)[:6]:
        tokens = [token for index, token in enumerate(result.tokens) if (index == 0 or token != result.tokens[index - 1]) and token != blank]
        tokens = tokens[1:] if tokens[:1] == [silence] else tokens
        tokens = tokens[:-1] if tokens[-1:] == [silence] else tokens
        found.append({"tokens": tokens, "score": round(float(result.score), 5)})
    return found


def token_arpa(path: Path, vocabulary: list[str], draw: random.Random) -> Path:
    """Random bigrams over the pieces themselves."""
    pairs = {(a, b) for a in ["<s>", *vocabulary] for b in draw.choices([*vocabulary, "</s>"], k=4) if a != "<unk>" and b != "<unk>"}
    words = ["<unk>", "<s>", "</s>", *(piece for piece in vocabulary if piece != "<unk>")]
    lines = ["\\data\\", f"ngram 1={len(words)}", f"ngram 2={len(pairs)}", "", "\\1-grams:"]
    lines += [f"{draw.uniform(-3, -0.5):.4f}\t{word}\t{draw.uniform(-1, 0):.4f}" for word in words]
    lines += ["", "\\2-grams:", *(f"{draw.uniform(-2, -0.1):.4f}\t{a} {b}" for a, b in sorted(pairs)), "", "\\end\\", ""]
    path.write_text("\n".join(lines), "utf8")
    return path


def main(fixtures: Path, program: str) -> None:
    draw = random.Random(3)
    folder, decoding = fixtures / "kenlm", fixtures / "families" / "decoding"
    folder.mkdir(exist_ok=True)
    arpa = fixtures / "fusion" / "four-gram.arpa"
    results: dict[str, Any] = {"walks": {}}
    rests = lower_orders(arpa, folder)
    kinds = {**KINDS, "rest": ["-r", " ".join(str(path) for path in rests), "probing"]}
    alphabet = [chr(100 + token) for token in range(12)]
    sequences = [draw.choices(alphabet, k=draw.randint(0, 12)) for _ in range(12)]
    for kind, options in kinds.items():
        model = kenlm.Model(str(build(program, options, arpa, folder / f"{kind}.bin")))
        results["walks"][kind] = [{"words": "".join(words), "scores": walk(model, words)} for words in sequences]
    for path in rests:
        path.unlink()

    scores = {key.split(".")[2]: torch.tensor(value[None] if value.ndim == 2 else value) for key, value in np.load(decoding / "expected.npz").items() if key.startswith("ctc.bpe.") and key.endswith("log_probs")}
    case = json.loads((decoding / "expected.json").read_text("utf8"))["results"]["ctc.bpe.inputs"]
    vocabulary = case["vocabulary"]
    tokenizer = tokenizer_of(fixtures / "families" / "fastconformer-ctc-bpe" / "model.nemo", folder / "tokenizer.model")
    words = [line.split("\t")[1] for line in (decoding / "words-bpe.arpa").read_text("utf8").split("\\2-grams:")[0].split("\n") if "\t" in line and "<" not in line]
    lexicon = folder / "lexicon.txt"
    spelled = [word for word in words if 0 not in tokenizer.text_to_ids(word)]
    lexicon.write_text("".join(f"{word}\t{' '.join(tokenizer.text_to_tokens(word))}\n" for word in spelled), "utf8")
    boost = folder / "boost.txt"
    boost.write_text(f"{spelled[3]}\t-0.5\nriver\t-1.5\n", "utf8")
    build(program, ["trie"], decoding / "words-bpe.arpa", folder / "words.bin")
    pieces = build(program, ["probing"], token_arpa(folder / "pieces.arpa", vocabulary, draw), folder / "pieces.bin")

    def readings_of(infer: BeamCTCInfer) -> list[list[dict[str, Any]]]:
        infer.set_vocabulary(vocabulary)
        infer.set_tokenizer(tokenizer)
        infer.set_decoding_type("subword")
        found = []
        for clip, length in zip(case["clips"], case["lengths"]):
            (hyps,) = infer(decoder_output=scores[clip][:, :length], decoder_lengths=torch.tensor([length]))
            found.append(shown(hyps[0].n_best_hypotheses))
        return found

    searches: dict[str, dict[str, Any]] = {
        "lexicon": {"ngram_lm_alpha": 0.6, "beam_beta": 1.2, "beam_size": 8},
        "lexicon_wide": {"ngram_lm_alpha": 1.5, "beam_beta": -0.4, "beam_size": 24, "beam_size_token": 40, "beam_threshold": 60.0, "sil_weight": -0.3},
        "lexicon_unknown": {"ngram_lm_alpha": 0.5, "beam_beta": 0.5, "beam_size": 12, "unk_weight": -3.0},
        "lexicon_boost": {"ngram_lm_alpha": 0.8, "beam_beta": 0.2, "beam_size": 12, "boost": True},
    }
    results["flashlight"] = {}
    for name, options in searches.items():
        config = FlashlightConfig(
            lexicon_path=str(lexicon), boost_path=str(boost) if options.get("boost") else None, beam_size_token=options.get("beam_size_token", 16),
            beam_threshold=options.get("beam_threshold", 20.0), unk_weight=options.get("unk_weight", float("-inf")), sil_weight=options.get("sil_weight", 0.0))
        infer = BeamCTCInfer(
            blank_id=len(vocabulary), beam_size=options["beam_size"], search_type="flashlight", return_best_hypothesis=False,
            ngram_lm_alpha=options["ngram_lm_alpha"], beam_beta=options["beam_beta"], ngram_lm_model=str(folder / "words.bin"), flashlight_cfg=config)
        results["flashlight"][name] = {"options": options, "hypotheses": readings_of(infer)}

    free = {"beam_size": 10, "beam_size_token": 20, "beam_threshold": 25.0, "lm_weight": 0.7, "sil_score": -0.2}
    results["free"] = {"options": free, "hypotheses": [
        flashlight_without_lexicon(scores[clip][0, :length], vocabulary, pieces, free) for clip, length in zip(case["clips"], case["lengths"])]}

    infer = BeamCTCInfer(
        blank_id=len(vocabulary), beam_size=8, search_type="pyctcdecode", return_best_hypothesis=False, ngram_lm_alpha=0.6, beam_beta=1.2,
        ngram_lm_model=str(folder / "words.bin"), pyctcdecode_cfg=PyCTCDecodeConfig(hotwords=["the river", "forty two"], hotword_weight=4.0))
    results["pyctcdecode"] = readings_of(infer)
    (folder / "pieces.arpa").unlink()
    (folder / "tokenizer.model").unlink()
    (folder / "expected.json").write_text(json.dumps(results, ensure_ascii=False) + "\n", "utf8")


if __name__ == "__main__":
    with torch.no_grad():
        main(Path(sys.argv[1]).resolve(), sys.argv[2])
