"""Decoding options on fixed scores: beams, language models, boosting, confidence, timestamps."""
from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nemo
import torch
from omegaconf import OmegaConf

from cases import Context, case
from configs import confidence
from environment import ASR, Config
from record import attempt, hypothesis, plain, silence
from stages import encode_audio
from texts import corpus
from transcripts import merged


def bigram_arpa(path: Path, rows: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> Path:
    """A small back-off bigram with add-0.1 unigrams, in ARPA form."""
    from collections import Counter

    singles: Counter[str] = Counter(token for row in rows for token in [*row, "</s>"])
    pairs: Counter[tuple[str, str]] = Counter(pair for row in rows for pair in zip(["<s>", *row], [*row, "</s>"]))
    starts: Counter[str] = Counter(a for a, _ in pairs.elements())
    tokens = [*vocabulary, "</s>"]
    total = sum(singles[t] + 0.1 for t in tokens)
    unigram = {t: (singles[t] + 0.1) / total for t in tokens}
    discount = 0.3
    lines = ["\\data\\", f"ngram 1={len(tokens) + 2}", f"ngram 2={len(pairs)}", "", "\\1-grams:", "-99\t<unk>\t0"]
    for token in ["<s>", *tokens]:
        followers = [b for a, b in pairs if a == token]
        left = discount if followers else 1.0
        covered = sum(unigram[b] for b in followers)
        backoff = math.log10(left / max(1e-6, 1 - covered)) if followers else 0.0
        probability = -99.0 if token == "<s>" else math.log10(unigram[token])
        lines.append(f"{probability:.6f}\t{token}" + ("" if token == "</s>" else f"\t{backoff:.6f}"))
    lines += ["", "\\2-grams:"]
    lines += [f"{math.log10((1 - discount) * count / starts[a]):.6f}\t{a} {b}" for (a, b), count in sorted(pairs.items())]
    path.write_text("\n".join([*lines, "", "\\end\\", ""]), "utf8")
    return path


@case("decoding")
def decoding_oracle(ctx: Context) -> None:
    """CTC and transducer decoding options on fixed scores: beams with and without language model, boosting, confidence,
    timestamps. Uses this set's fastconformer-ctc-bpe, quartznet-ctc-char, fastconformer-rnnt-bpe and hybrid-tdt-ctc models."""
    from nemo.collections.asr.parts.utils.asr_confidence_utils import get_confidence_aggregation_bank, get_confidence_measure_bank

    record = ctx.record
    generator = torch.Generator().manual_seed(ctx.seed)
    results: Config = {}
    ctx.folder.mkdir(parents=True, exist_ok=True)

    # confidence measures on random distributions, peaked and flat
    scores = (torch.randn(12, 33, generator=generator) * torch.linspace(0.1, 6, 12)[:, None]).log_softmax(-1)
    record.array("confidence.log_probs", scores)
    measures: Config = {}
    for name, measure in get_confidence_measure_bank().items():
        for alpha in (0.33, 0.5, 1.0, 2.0):
            measures[f"{name}.{alpha}"] = plain(measure(scores, 33, alpha))
    results["confidence_measures"] = measures
    results["confidence_aggregations"] = {name: f([0.9, 0.25, 0.5]) for name, f in get_confidence_aggregation_bank().items()}

    # CTC on blurred scores of a trained model
    char = ASR.EncDecCTCModel.restore_from(str(ctx.out / "quartznet-ctc-char" / "model.nemo"), map_location="cpu").eval()
    bpe = ASR.EncDecCTCModelBPE.restore_from(str(ctx.out / "fastconformer-ctc-bpe" / "model.nemo"), map_location="cpu").eval()
    kenlm_lines = [c.plain for c in ctx.clips] + corpus(False, limit=300)
    for family, model in (("char", char), ("bpe", bpe)):
        vocabulary = list(model.decoder.vocabulary)
        rows, lengths = [], []
        for clip in ctx.inputs:
            with torch.no_grad():
                _, _, encoded, encoded_len = encode_audio(model, [clip.samples()])
                logits = model.decoder(encoder_output=encoded)[0]
            noise = torch.randn(logits.shape, generator=generator)
            rows.append((0.15 * logits + 0.55 * noise).log_softmax(-1))
            lengths.append(int(encoded_len[0]))
            record.array(f"ctc.{family}.{clip.name}.log_probs", rows[-1])
        if family == "char":
            token_rows = [[chr(vocabulary.index(ch) + 100) for ch in line if ch in vocabulary] for line in kenlm_lines]
        else:
            token_rows = [[chr(i + 100) for i in model.tokenizer.text_to_ids(line)] for line in kenlm_lines]
        arpa = bigram_arpa(ctx.folder / f"tokens-{family}.arpa", token_rows, [chr(i + 100) for i in range(len(vocabulary))])
        words = bigram_arpa(ctx.folder / f"words-{family}.arpa", [line.split() for line in kenlm_lines[:60]], sorted({w for line in kenlm_lines[:60] for w in line.split()}))
        options: dict[str, Config] = {
            "greedy": {"strategy": "greedy_batch"},
            "greedy_lm": {"strategy": "greedy_batch", "greedy": {"ngram_lm_model": str(arpa), "ngram_lm_alpha": 0.4}},
            "greedy_boost": {"strategy": "greedy_batch", "greedy": {"boosting_tree": {"key_phrases_list": ["forty two", "listeners"], "context_score": 1.0, "depth_scaling": 2.0}, "boosting_tree_alpha": 1.5}},
        }
        for beam in (1, 4, 16):
            options[f"beam_batch_{beam}"] = {"strategy": "beam_batch", "beam": {"beam_size": beam, "return_best_hypothesis": False, "beam_beta": 0.0, "ngram_lm_alpha": 0.0}}
        options["beam_batch_8_beta_1"] = {"strategy": "beam_batch", "beam": {"beam_size": 8, "return_best_hypothesis": False, "beam_beta": 1.0, "ngram_lm_alpha": 0.0}}
        options["beam_batch_8_lm"] = {"strategy": "beam_batch", "beam": {"beam_size": 8, "return_best_hypothesis": False, "beam_beta": 0.5, "ngram_lm_alpha": 0.5, "ngram_lm_model": str(arpa)}}
        options["beam_batch_8_boost"] = {"strategy": "beam_batch", "beam": {"beam_size": 8, "return_best_hypothesis": False, "beam_beta": 0.0, "boosting_tree": {"key_phrases_list": ["forty two", "listeners"]}, "boosting_tree_alpha": 1.0}}
        options["pyctcdecode_8"] = {"strategy": "pyctcdecode", "beam": {"beam_size": 8, "return_best_hypothesis": False, "ngram_lm_alpha": 0.0, "beam_beta": 0.0}}
        options["pyctcdecode_8_lm"] = {"strategy": "pyctcdecode", "beam": {"beam_size": 8, "return_best_hypothesis": False, "ngram_lm_alpha": 0.6, "beam_beta": 1.2, "ngram_lm_model": str(words)}}
        options["flashlight_8_lm"] = {"strategy": "flashlight", "beam": {"beam_size": 8, "return_best_hypothesis": False, "ngram_lm_alpha": 0.6, "beam_beta": 1.2, "ngram_lm_model": str(words)}}
        options["flashlight_8"] = {"strategy": "flashlight", "beam": {"beam_size": 8, "return_best_hypothesis": False, "ngram_lm_alpha": 0.0, "beam_beta": 0.0}}
        options["beam_default_8"] = {"strategy": "beam", "beam": {"beam_size": 8, "return_best_hypothesis": False}}
        for aggregation in ("min", "mean", "max", "prod"):
            for exclude in (True, False):
                options[f"confidence_{aggregation}_{'without' if exclude else 'with'}_blank"] = {
                    "strategy": "greedy_batch", "preserve_alignments": True, "confidence_cfg": {
                        **confidence(True), "aggregation": aggregation, "exclude_blank": exclude, "preserve_word_confidence": family == "bpe"}}
        options["confidence_max_prob"] = {"strategy": "greedy_batch", "preserve_alignments": True, "confidence_cfg": {
            **confidence(True, name="max_prob", alpha=1.0), "preserve_word_confidence": family == "bpe"}}
        start = OmegaConf.to_container(model.cfg.decoding, resolve=True)
        for name, changes in options.items():
            def run() -> list[Any]:
                with silence():
                    model.change_decoding_strategy(OmegaConf.merge(OmegaConf.create(start), OmegaConf.create(changes)))
                    return [hypothesis(model.decoding.ctc_decoder_predictions_tensor(row[None].clone(), torch.tensor([n]), return_hypotheses=True)[0])
                            for row, n in zip(rows, lengths)]

            shown = json.loads(json.dumps(plain(changes)).replace(str(ctx.folder) + "/", ""))
            results[f"ctc.{family}.{name}"] = {"decoding": shown, "hypotheses": attempt(run)}
        results[f"ctc.{family}.inputs"] = {"vocabulary": vocabulary, "lengths": lengths, "clips": [c.name for c in ctx.inputs]}

    # timestamps: separators, gaps and kinds
    hybrid = ASR.EncDecHybridRNNTCTCBPEModel.restore_from(str(ctx.out / "hybrid-tdt-ctc" / "model.nemo"), map_location="cpu").eval()
    rnnt = ASR.EncDecRNNTBPEModel.restore_from(str(ctx.out / "fastconformer-rnnt-bpe" / "model.nemo"), map_location="cpu").eval()
    files = [ctx.audio(c) for c in ctx.inputs]
    kinds: dict[str, Config] = {"default": {}, "char": {"rnnt_timestamp_type": "char"}, "word": {"rnnt_timestamp_type": "word"}, "segment": {"rnnt_timestamp_type": "segment"},
                                "separators": {"segment_seperators": [",", "?"]}, "gap_3": {"segment_gap_threshold": 3}, "gap_1": {"segment_gap_threshold": 1}}
    for family, model in (("tdt", hybrid), ("rnnt", rnnt)):
        start = OmegaConf.to_container(model.cfg.decoding, resolve=True)
        for name, changes in kinds.items():
            def run() -> list[Any]:
                with silence():
                    model.change_decoding_strategy(OmegaConf.merge(start, {"compute_timestamps": True, "preserve_alignments": True, **changes}))
                    found = model.transcribe(files, batch_size=3, return_hypotheses=True, verbose=False)
                return [hypothesis(h) for h in found]

            results[f"timestamps.{family}.{name}"] = {"decoding": changes, "hypotheses": attempt(run)}
    start = OmegaConf.to_container(hybrid.cfg.aux_ctc.decoding, resolve=True)
    for name, changes in kinds.items():
        changes = {k.replace("rnnt_", "ctc_"): v for k, v in changes.items()}

        def run() -> list[Any]:
            with silence():
                cfg = OmegaConf.merge(start, {"compute_timestamps": True, **changes})
                hybrid.change_decoding_strategy(cfg, decoder_type="ctc")
                found = hybrid.transcribe(files, batch_size=3, return_hypotheses=True, verbose=False)
            return [hypothesis(h) for h in found]

        results[f"timestamps.ctc.{name}"] = {"decoding": changes, "hypotheses": attempt(run)}

    # transducer beams with a language model and with boosting
    token_rows = [[chr(i + 100) for i in rnnt.tokenizer.text_to_ids(line)] for line in kenlm_lines]
    arpa = bigram_arpa(ctx.folder / "tokens-rnnt.arpa", token_rows, [chr(i + 100) for i in range(rnnt.tokenizer.vocab_size)])
    for name, changes in {
        "greedy_lm": {"strategy": "greedy_batch", "greedy": {"ngram_lm_model": str(arpa), "ngram_lm_alpha": 0.4}},
        "greedy_boost": {"strategy": "greedy_batch", "greedy": {"boosting_tree": {"key_phrases_list": ["forty two"]}, "boosting_tree_alpha": 1.0}},
        "malsd_batch_lm": {"strategy": "malsd_batch", "beam": {"beam_size": 4, "return_best_hypothesis": False, "ngram_lm_model": str(arpa), "ngram_lm_alpha": 0.3}},
        "malsd_batch_boost": {"strategy": "malsd_batch", "beam": {"beam_size": 4, "return_best_hypothesis": False, "boosting_tree": {"key_phrases_list": ["forty two"]}, "boosting_tree_alpha": 1.0}},
        "maes_batch_lm": {"strategy": "maes_batch", "beam": {"beam_size": 4, "return_best_hypothesis": False, "ngram_lm_model": str(arpa), "ngram_lm_alpha": 0.3}},
    }.items():
        def run() -> list[Any]:
            with silence():
                rnnt.change_decoding_strategy(merged(rnnt, compute_timestamps=False, preserve_alignments=False, **changes))
                found = rnnt.transcribe(files, batch_size=3, return_hypotheses=True, verbose=False)
            return [hypothesis(h) for h in found]

        shown = json.loads(json.dumps(plain(changes)).replace(str(ctx.folder) + "/", ""))
        results[f"rnnt.{name}"] = {"decoding": shown, "hypotheses": attempt(run)}
    record.json.update({"case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__, "results": results})
