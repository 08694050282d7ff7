"""Canary with a CTC model for its timestamps in the same archive, as canary-1b-v2 has one: forced alignment of the answer."""
from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nemo
import numpy as np
import torch
from nemo.collections.asr.data.audio_to_text_lhotse_prompted import PromptedAudioToTextLhotseDataset
from nemo.collections.asr.parts.utils.chunking_utils import merge_parallel_chunks
from nemo.collections.asr.parts.utils.rnnt_utils import Hypothesis
from nemo.collections.asr.parts.utils.timestamp_utils import get_forced_aligned_timestamps_with_external_model

from cases import Context, case
from environment import ASR, RATE
from record import attempt, hypothesis, plain, silence

MAIN, ALIGNER = "canary2-aed", "conformer-ctc-bpe"
RENAMED = {"model_config.yaml": "timestamps_asr_model_config.yaml", "model_weights.ckpt": "timestamps_asr_model_weights.ckpt"}

# What the alignment has to cope with, each for the first clip ("They could wait no longer.").
TEXTS = {
    "as spoken": "They could wait no longer.",
    "two sentences": "They could. Wait no longer!",
    "marks within": "They, could wait! no, a.m. longer?",
    "mark alone": "They could , wait .",
    "spaces": "  They   could wait no longer. ",
    "nothing": "",
    "one word": "they",
    "a character without a piece": "They côuld wait 7 times.",
    "the unknown word": "They ⁇ wait⁇no longer.",
    "doubled letters": "aaaa bbbb",
    "a mark first": "!They could",
    "more tokens than frames": "they could wait no longer and wait they did " * 12,
    "only marks": ". ! ?",
}


def compose(ctx: Context, name: str = "aligned.nemo") -> Path:
    """One archive of two: the aligner's config and weights under the names that NeMo looks for."""
    path = ctx.work / name
    with tarfile.open(path, "w") as out:
        for case_name, names in ((MAIN, {}), (ALIGNER, RENAMED)):
            with tarfile.open(ctx.out / case_name / "model.nemo") as tar:
                for member in tar.getmembers():
                    if not member.isfile():
                        continue
                    data = tar.extractfile(member).read()
                    info = tarfile.TarInfo(names.get(member.name.removeprefix("./"), member.name.removeprefix("./")))
                    info.size = len(data)
                    out.addfile(info, io.BytesIO(data))
    return path


@case("canary-aligned")
def canary_aligned(ctx: Context) -> None:
    """Timestamps by forced alignment: transcribe() of an archive put together from two other cases, and the alignment of given texts."""
    with silence():
        model = ASR.EncDecMultiTaskModel.restore_from(str(compose(ctx)), map_location="cpu")
    model.eval()
    aligner = model.timestamps_asr_model
    ctx.record.json.update({
        "case": ctx.name, "seed": ctx.seed, "nemo": nemo.__version__, "torch": torch.__version__, "class": f"{type(model).__module__}.{type(model).__qualname__}",
        "main": MAIN, "aligner": ALIGNER, "aligner_class": type(aligner).__qualname__,
        "inputs": [{"name": c.name, "file": f"../../audio/{c.name}.wav", "text": c.plain, "written": c.written} for c in ctx.inputs]})
    slots = {"source_lang": "en", "target_lang": "en", "pnc": "yes"}

    def ask(audio: list[Any], **more: Any) -> Any:
        def run() -> Any:
            with silence():
                answers = model.transcribe(audio, return_hypotheses=True, verbose=False, timestamps=True, **slots, **more)
            model.eval()
            return [hypothesis(h) for h in answers]

        return attempt(run)

    files = [ctx.audio(clip) for clip in ctx.inputs]
    arrays = [clip.samples() for clip in ctx.inputs]
    ctx.record.json["single"] = [ask([file], batch_size=1)[0] for file in files]
    ctx.record.json["batch"] = ask(files, batch_size=len(files))
    ctx.record.json["from_arrays"] = ask(arrays, batch_size=len(files))
    long = np.concatenate([arrays[i % 3] for i in range(30)])[: 50 * RATE]
    ctx.record.json["long"] = {"clips": "the three in turn, 50 s", "results": ask([long], batch_size=1)}
    ctx.record.json["chunks"] = chunk_sizes()
    ctx.record.json["merges"] = merges(ctx)
    ctx.record.json["texts"] = {name: {"text": text, "timestamp": align(aligner, ctx, text)} for name, text in TEXTS.items()}


def chunk_sizes() -> Any:
    """Where transcribe() cuts a single file: first sample, length and size of the chunks by the length of the recording."""
    dataset = PromptedAudioToTextLhotseDataset(tokenizer=SimpleNamespace(pad_id=0), prompt=None, enable_chunking=True)
    sizes = {}
    for length in (39 * RATE, 40 * RATE, 50 * RATE, 59 * RATE + 1, 95 * RATE - 7, 600 * RATE + 123, 3600 * RATE):
        chunks, lengths = dataset._chunk_waveform(torch.arange(length, dtype=torch.int32))
        sizes[str(length)] = [[int(chunk[0]), size] for chunk, size in zip(chunks, lengths)]
    return sizes


def merges(ctx: Context, count: int = 60) -> Any:
    """What merging says of token sequences that overlap well, badly or not at all."""
    draw = random.Random(f"{ctx.seed}/merges")
    decoding = SimpleNamespace(decode_tokens_to_str=lambda tokens: " ".join(map(str, tokens)))
    examples = []
    for index in range(count):
        said = [draw.randrange(4 if index % 3 == 0 else 30) for _ in range(60)]
        cut = draw.randrange(20, 40)
        overlap = draw.randrange(0, 8)
        left, right = said[:cut], said[cut - overlap :]
        for side in (left, right):
            for _ in range(draw.choice((0, 0, 1, 2))):
                place = draw.randrange(max(0, len(side) - 6), len(side)) if side is left else draw.randrange(8)
                draw.choice((lambda: side.pop(place), lambda: side.insert(place, 31), lambda: side.__setitem__(place, 32)))()
        chunks = [left, right, *([[]] if index % 20 == 0 else []), *([said[30:]] if index % 4 == 0 else [])]
        whole = merge_parallel_chunks(
            [Hypothesis(score=0.0, y_sequence=torch.tensor(chunk)) for chunk in chunks], torch.tensor([375] * len(chunks)),
            None, False, 8, 0.01, decoding)
        examples.append({"chunks": chunks, "merged": [int(token) for token in whole.text.split()]})
    return examples


def align(aligner: Any, ctx: Context, text: str) -> Any:
    def run() -> Any:
        stored = np.load(ctx.out / ALIGNER / "expected.npz")
        heard = Hypothesis(score=0.0, y_sequence=torch.from_numpy(stored["single.0.log_probs"]))
        with silence():
            answer = get_forced_aligned_timestamps_with_external_model(
                audio=[heard], external_ctc_model=aligner, main_model_predictions=[Hypothesis(score=0.0, y_sequence=torch.tensor([]), text=text)],
                batch_size=1, timestamp_type=["word", "segment"], viterbi_device=torch.device("cpu"), has_hypotheses=True)
        return plain(answer[0].timestamp)

    return attempt(run)
