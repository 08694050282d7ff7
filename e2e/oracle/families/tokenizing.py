"""NeMo's tokenizer classes, probed with awkward texts and random ids."""
from __future__ import annotations

import random
import shutil
from typing import Any

import nemo
import sentencepiece
from omegaconf import OmegaConf

from cases import Context, build_bpe, case
from configs import asr_config, conformer, ctc_decoding, ctc_head, mel_frontend
from environment import ASR, Config
from record import attempt, plain, silence
from sizes import Sizes
from texts import corpus, train_sentencepiece, word_pieces

TEXTS = ["", " ", "hello world", "  two  spaces ", "Hello, World! It's 42.", "don't", "état über naïve", "ﬁancée ﬀ Ⅷ ½ ㍿",
         "日本語 テスト", "漢字かな混じり文", "مرحبا بالعالم", "привет мир", "emoji 😀 test", "tab\tand\nnewline", "a▁b ▁c", "<unk> <s> <pad>",
         "…—“quoted”", "ＦＵＬＬ ｗｉｄｔｈ", "e\u0301 combining", "the quick brown fox jumps over the lazy dog", "123 456", "x" * 40, "?!.", "' '"]

# First and last character of blocks whose characters rewriting tables change, join, drop or split, and of some they leave alone
BLOCKS = [(0x0, 0x20), (0x21, 0x7E), (0xA0, 0xBF), (0x300, 0x33F), (0x401, 0x45F), (0x600, 0x64F), (0x1100, 0x11FF), (0x2000, 0x206F), (0x2150, 0x218F), (0x3041, 0x30FF),
          (0x4E00, 0x4E3F), (0xAC00, 0xAC1F), (0xFB00, 0xFB06), (0xFF01, 0xFF9F), (0x1F600, 0x1F64F)]
PHRASES = [" ", "  ", "\u3000", "\u200b", "\ufeff", "\u00ad", "▁", "<unk>", "<EOU>", "<|en|>", "the cold river", "It said so."]


# Tokenizers with a rewriting table or pieces for bytes
REWRITING = ("bpe-nfkc-cf", "bpe-byte-fallback", "unigram-byte-fallback-world", "unigram-world")


def random_texts(seed: int, count: int) -> list[str]:
    draw = random.Random(f"texts {seed}")

    def part() -> str:
        if draw.random() < 0.4:
            return draw.choice(PHRASES)
        first, last = draw.choice(BLOCKS)
        return "".join(chr(draw.randint(first, last)) for _ in range(draw.randint(1, 6)))

    return ["".join(part() for _ in range(draw.randint(1, 6))) for _ in range(count)]


def probe_tokenizer(tokenizer: Any, seed: int, more: int = 0, **lang: str) -> Config:
    """`more` is how many random texts and rows of random ids come after those that all tokenizers get."""
    draw = random.Random(seed)
    size = tokenizer.vocab_size
    texts = [{"text": text, "ids": attempt(lambda: plain(tokenizer.text_to_ids(text, **lang))),
              "tokens": attempt(lambda: plain(tokenizer.text_to_tokens(text))) if not lang else None} for text in [*TEXTS, *random_texts(seed, more)]]
    rows = [[], [0], [1, 2, 3], *[[draw.randrange(size) for _ in range(draw.choice((1, 3, 8, 14)))] for _ in range(14 + more)]]
    rows += [entry["ids"] for entry in texts if isinstance(entry["ids"], list) and entry["ids"]]
    return {"vocab_size": size, "text_to_ids": texts,
            "ids_to_text": [{"ids": ids, "text": attempt(lambda: tokenizer.ids_to_text(ids)),
                             "tokens": attempt(lambda: plain(tokenizer.ids_to_tokens(ids)))} for ids in rows]}


@case("tokenizers")
def tokenizers_oracle(ctx: Context) -> None:
    """NeMo's tokenizer classes on small models made here."""
    from nemo.collections.common.tokenizers.aggregate_tokenizer import AggregateTokenizer
    from nemo.collections.common.tokenizers.sentencepiece_tokenizer import SentencePieceTokenizer

    results: Config = {}
    world = [*TEXTS[2:19], *corpus(True, limit=400)] * 3
    lines = corpus(True, limit=2000)
    made: dict[str, Config] = {
        "unigram-identity": {"lines": lines, "vocab": 120},
        "bpe-nfkc-cf": {"lines": lines, "vocab": 130, "kind": "bpe", "rule": "nmt_nfkc_cf"},
        "bpe-byte-fallback": {"lines": lines, "vocab": 400, "kind": "bpe", "byte_fallback": True},
        "unigram-byte-fallback-world": {"lines": world, "vocab": 520, "rule": "nfkc", "byte_fallback": True, "hard_vocab_limit": False},
        "unigram-world": {"lines": world, "vocab": 300, "rule": "nmt_nfkc", "hard_vocab_limit": False},
        "char": {"lines": world, "vocab": 230, "kind": "char", "hard_vocab_limit": False},
        "specials-bos-eos-pad": {"lines": lines, "vocab": 120, "symbols": ["<EOU>", "<|en|>", "<sep>"], "bos_id": 1, "eos_id": 2, "pad_id": 3},
        "no-dummy-prefix": {"lines": lines, "vocab": 120, "add_dummy_prefix": False},
        "keep-extra-whitespace": {"lines": lines, "vocab": 120, "remove_extra_whitespaces": False},
        "split-digits-suffix": {"lines": lines, "vocab": 140, "split_digits": True, "treat_whitespace_as_suffix": True},
    }
    ctx.folder.mkdir(parents=True, exist_ok=True)
    for name, options in made.items():
        def run() -> Config:
            folder = train_sentencepiece(ctx.work / name, options["lines"], options["vocab"] + (7 if ctx.seed != 1 else 0),
                                         **{k: v for k, v in options.items() if k not in ("lines", "vocab")})
            shutil.copy(folder / "tokenizer.model", ctx.folder / f"{name}.model")
            return {"file": f"{name}.model", **probe_tokenizer(SentencePieceTokenizer(str(folder / "tokenizer.model")), ctx.seed, more=40 if name in REWRITING else 0)}

        results[name] = attempt(run)
    parts = {lang: SentencePieceTokenizer(str(ctx.folder / file)) for lang, file in (("en", "unigram-identity.model"), ("ja", "unigram-world.model"))}
    aggregate = AggregateTokenizer(parts)
    for lang in parts:
        results[f"aggregate-{lang}"] = {"langs": {"en": "unigram-identity.model", "ja": "unigram-world.model"}, **probe_tokenizer(aggregate, ctx.seed + 1, lang_id=lang)}
    draw = random.Random(ctx.seed)
    languages = []
    for _ in range(8):
        ids = [draw.randrange(aggregate.vocab_size) for _ in range(draw.choice((1, 4, 9)))]
        languages.append({"ids": ids, "lang": attempt(lambda: aggregate.ids_to_lang(ids)), "text_and_langs": attempt(lambda: plain(aggregate.ids_to_text_and_langs(ids))),
                          "words_and_langs": attempt(lambda: plain(aggregate.ids_to_words_and_langs(ids)))})
    results["aggregate-languages"] = languages
    folder = word_pieces(ctx.work, corpus(False, [c.plain for c in ctx.clips]), ctx.sizes.vocab + 40)
    shutil.copy(folder / "vocab.txt", ctx.folder / "wordpiece-vocab.txt")

    def wpe() -> Config:
        cfg = OmegaConf.create({"dir": str(folder), "type": "wpe"})
        with silence():
            model = build_bpe(ctx, ASR.EncDecCTCModelBPE, asr_config(ctx.sizes, mel_frontend(80), conformer(Sizes(layers=1)), tokenizer=cfg, decoder=ctc_head(Sizes()), decoding=ctc_decoding()))
        return {"file": "wordpiece-vocab.txt", "class": type(model.tokenizer).__name__, "first_ids": list(range(5)), **probe_tokenizer(model.tokenizer, ctx.seed)}

    results["wordpiece"] = attempt(wpe)
    ctx.record.json.update({"case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__, "sentencepiece": sentencepiece.__version__, "tokenizers": results})
