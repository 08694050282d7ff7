"""The merging of overlapping windows, and streaming with a carried decoder state."""
from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from buffered_chunks import encoded_chunks
from cases import Context
from environment import Config
from record import attempt, plain, silence
from transcripts import merged


def lcs_examples(ctx: Context) -> list[Config]:
    """The merging functions themselves on random token lists with a true overlap."""
    from nemo.collections.asr.parts.utils import streaming_utils as su

    draw = random.Random(ctx.seed)
    found = []

    class Dummy:
        class cfg:
            class decoding:
                strategy = "greedy_batch"

        class decoding:
            pass

    for _ in range(20):
        a = [draw.randrange(12) for _ in range(draw.randrange(4, 14))]
        overlap = draw.randrange(0, 5)
        b = (a[-overlap:] if overlap else []) + [draw.randrange(12) for _ in range(draw.randrange(2, 8))]
        if draw.random() < 0.4 and b:
            b[draw.randrange(len(b))] = draw.randrange(12)
        entry: Config = {"x": list(a), "y": list(b)}
        entry["longest_common_subsequence_merge"] = attempt(lambda: plain(su.longest_common_subsequence_merge(list(a), list(b))[0:2]))
        entry["inplace_buffer_merge_delay_6"] = attempt(lambda: plain(su.inplace_buffer_merge(list(a), list(b), 6, model=Dummy())))
        entry["lcs_alignment_merge_buffer_delay_4"] = attempt(lambda: plain(su.lcs_alignment_merge_buffer(list(a), list(b), 4, model=Dummy(), max_steps_per_timestep=5)))
        found.append(entry)
    return found


def stream_with_context(model: Any, wave: np.ndarray, left: float, chunk: float, right: float) -> Config:
    """speech_to_text_streaming_infer_rnnt.py: every step encodes [left|chunk|right] afresh and decodes the chunk's frames
    with the label-looping state carried over."""
    from nemo.collections.asr.parts.utils.rnnt_utils import batched_hyps_to_hypotheses

    with silence():
        model.change_decoding_strategy(merged(model, strategy="greedy_batch", preserve_alignments=False, greedy={"loop_labels": True}))
    computer = model.decoding.decoding.decoding_computer
    state, hyps, steps = None, None, []
    with torch.inference_mode():
        for encoded, valid, context in encoded_chunks(model, wave, (left, chunk, right)):
            answer = computer(x=encoded, out_len=valid, prev_batched_state=state)
            piece, state = answer[0], answer[-1]
            hyps = piece if hyps is None else hyps.merge_(piece)
            steps.append({"context_frames": [context.left, context.chunk, context.right], "decoded_frames": int(valid[0]), "tokens": int(hyps.current_lengths[0])})
    final = batched_hyps_to_hypotheses(hyps, batch_size=1)[0]
    return {"left_chunk_right_seconds": [left, chunk, right], "text": model.tokenizer.ids_to_text(plain(final.y_sequence)), "ids": plain(final.y_sequence),
            "timestamp": plain(final.timestamp), "score": plain(final.score), "steps": steps}
