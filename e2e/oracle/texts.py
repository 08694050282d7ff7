"""Text to train tokenizers on, and the tokenizers: SentencePiece and WordPiece folders as NeMo's scripts write them."""
from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import sentencepiece

BASE_CHARS = set("abcdefghijklmnopqrstuvwxyz' ")
WRITTEN_CHARS = BASE_CHARS | set("ABCDEFGHIJKLMNOPQRSTUVWXYZ,.?!-")
LABELS = [" ", *"abcdefghijklmnopqrstuvwxyz", "'"]


def corpus(written: bool, extra: Iterable[str] = (), limit: int = 3000) -> list[str]:
    """Our own sentences, then `extra` many times over, so that its words become pieces."""
    allowed = WRITTEN_CHARS if written else BASE_CHARS
    lines = (Path(__file__).resolve().parent / "sentences.txt").read_text("utf8").splitlines()
    kept = [line if written else line.lower() for line in lines]
    kept = ["".join(ch for ch in line if ch in allowed) for line in kept][:limit]
    return [*kept, *(list(extra) * 3)]


def train_sentencepiece(folder: Path, lines: Sequence[str], vocab: int, *, kind: str = "unigram", rule: str = "identity",
                        symbols: Sequence[str] = (), **options: Any) -> Path:
    """A SentencePiece folder as NeMo's process_asr_text_tokenizer.py writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    options = {"character_coverage": 1.0, "bos_id": -1, "eos_id": -1, "hard_vocab_limit": True, **options}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=str(folder / "tokenizer"), vocab_size=vocab, model_type=kind,
        normalization_rule_name=rule, user_defined_symbols=list(symbols), num_threads=1, minloglevel=2, **options)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    special = 1 if not symbols else len(symbols) + 1
    pieces = [processor.id_to_piece(i) for i in range(special, processor.vocab_size())]
    words = [piece[1:] if piece.startswith("▁") else f"##{piece}" for piece in pieces]
    (folder / "vocab.txt").write_text("\n".join(word for word in words if word) + "\n", "utf8")
    return folder


def word_pieces(work: Path, lines: Sequence[str], vocab: int) -> Path:
    """A WordPiece vocabulary as the tokenizers package writes it."""
    from tokenizers import BertWordPieceTokenizer

    folder = work / "wpe"
    folder.mkdir(exist_ok=True)
    trainer = BertWordPieceTokenizer(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=True)
    trainer.train_from_iterator(lines, vocab_size=vocab, min_frequency=2,
                                show_progress=False, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    trainer.save_model(str(folder))
    # NeMo asks the hub for "bert-base-cased" and only replaces its vocabulary: give it the same settings from a local folder
    local = Path("bert-base-cased")
    local.mkdir(exist_ok=True)
    (local / "config.json").write_text('{"model_type": "bert"}')
    (local / "tokenizer_config.json").write_text('{"do_lower_case": false, "model_max_length": 512, "tokenizer_class": "BertTokenizer"}')
    shutil.copy(folder / "vocab.txt", local / "vocab.txt")
    return folder
