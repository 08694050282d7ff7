"""A recording as `left|chunk|right` pieces through an encoder, as speech_to_text_streaming_infer_rnnt.py cuts it: every step encodes its surroundings afresh."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from training import quiet_frontend

HOP = 160


def encoded_chunks(model: Any, wave: np.ndarray, seconds: tuple[float, float, float]) -> Iterator[tuple[torch.Tensor, torch.Tensor, Any]]:
    """Encoder frames from the chunk on [1, frames, size], how many of them are to be decoded, and the context in frames. To be read in inference mode."""
    from nemo.collections.asr.parts.utils.streaming_utils import ContextSize, StreamingBatchedAudioBuffer

    factor = model.encoder.subsampling_factor
    per_frame = HOP * factor
    samples = ContextSize(*(int(length * 100 / factor) * per_frame for length in seconds))
    buffer = StreamingBatchedAudioBuffer(batch_size=1, context_samples=samples, dtype=torch.float32, device="cpu")
    signal = torch.from_numpy(wave.astype(np.float32))[None]
    position, need = 0, min(samples.chunk + samples.right, signal.shape[1])
    with quiet_frontend(model):
        while position < signal.shape[1]:
            count = min(need, signal.shape[1] - position)
            last = position + need >= signal.shape[1]
            buffer.add_audio_batch_(signal[:, position : position + count], audio_lengths=torch.tensor([count]),
                                    is_last_chunk=last, is_last_chunk_batch=torch.tensor([last]))
            encoded, length = model(input_signal=buffer.samples, input_signal_length=buffer.context_size_batch.total())
            context = buffer.context_size.subsample(factor=per_frame)
            batch = buffer.context_size_batch.subsample(factor=per_frame)
            yield encoded.transpose(1, 2)[:, context.left :], torch.where(torch.tensor([last]), length - batch.left, batch.chunk), context
            position += count
            need = samples.chunk
