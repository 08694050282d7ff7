"""Cache-aware streaming, step by step, as NeMo's speech_to_text_cache_aware_streaming_infer.py does it."""
from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch

from cases import Context
from clips import Clip
from environment import Config
from record import plain, silence
from training import quiet_frontend


def dump_stream(ctx: Context, model: Any, key: str, clip: Clip, context: Sequence[int], *, pad_first: bool = False,
                caches: bool = False, chunk_arrays: bool = True, texts: bool = True) -> None:
    """Every `conformer_stream_step` of one clip at one look-ahead, as speech_to_text_cache_aware_streaming_infer.py does it; without `texts`
    the encoder alone, for heads that NeMo does not stream."""
    from nemo.collections.asr.parts.utils.streaming_utils import CacheAwareStreamingAudioBuffer

    encoder = model.eval().encoder  # a refused transcribe() leaves it in training mode
    encoder.set_default_att_context_size(list(context))
    encoder.setup_streaming_params()
    config = encoder.streaming_cfg
    with quiet_frontend(model), silence():
        buffer = CacheAwareStreamingAudioBuffer(model=model, online_normalization=False, pad_and_drop_preencoded=pad_first)
        buffer.append_audio(clip.samples(), stream_id=-1)
    cache = encoder.get_initial_cache_state(batch_size=1)
    hypotheses, predictions = None, None
    steps: list[Config] = []
    stream: Config = {"input": clip.name, "att_context_size": list(context), "pad_and_drop_preencoded": pad_first,
                      "streaming_cfg": {k: plain(getattr(config, k)) for k in vars(config)}, "cache_shapes": None, "steps": steps}
    ctx.record.json.setdefault("streams", {})[key] = stream  # now, for the steps before one that NeMo refuses
    with torch.inference_mode(), silence():
        for number, (chunk, chunk_len) in enumerate(iter(buffer)):
            drop = config.drop_extra_pre_encoded if number or pad_first else 0
            shared: Config = dict(processed_signal=chunk, processed_signal_length=chunk_len, cache_last_channel=cache[0],
                                  cache_last_time=cache[1], cache_last_channel_len=cache[2],
                                  keep_all_outputs=buffer.is_buffer_empty(), drop_extra_pre_encoded=drop)
            encoded, encoded_len, *next_cache = encoder.cache_aware_stream_step(**copy.deepcopy(shared))
            decoded: Config = {}
            if texts:
                result = model.conformer_stream_step(**shared, previous_hypotheses=hypotheses, previous_pred_out=predictions,
                                                     return_transcription=True)
                predictions, answers, *cache = result[:5]
                hypotheses = result[5]
                decoded = {"text": answers[0] if isinstance(answers[0], str) else answers[0].text, "ids": plain(predictions[0]),
                           "timestamp": plain(hypotheses[0].timestamp) if hypotheses else None}
            else:
                cache = next_cache
            steps.append({
                "chunk_shape": list(chunk.shape), "chunk_length": plain(chunk_len), "drop_extra_pre_encoded": drop,
                "keep_all_outputs": shared["keep_all_outputs"], "encoded_shape": list(encoded.shape),
                "encoded_length": plain(encoded_len), "cache_len": plain(cache[2]), **decoded})
            if chunk_arrays:
                ctx.record.array(f"{key}.chunk.{number}", chunk[0])
                ctx.record.array(f"{key}.encoded.{number}", encoded[0])
            if caches and number < 2:
                ctx.record.array(f"{key}.cache_last_channel.{number}", cache[0])
                ctx.record.array(f"{key}.cache_last_time.{number}", cache[1])
    stream["cache_shapes"] = [list(c.shape) for c in cache]


def dump_streams(ctx: Context, model: Any, decoders: Sequence[str] = ("rnnt",)) -> None:
    first, _, third = ctx.inputs
    for decoder in decoders:
        if len(decoders) > 1:
            with silence():
                model.change_decoding_strategy(decoder_type=decoder)
        for context in ctx.sizes.contexts[:2]:
            key = f"stream.{decoder}.L{context[0]}R{context[1]}"
            dump_stream(ctx, model, f"{key}.{first.name}", first, context, caches=decoder == decoders[0],
                        chunk_arrays=decoder == decoders[0])
            dump_stream(ctx, model, f"{key}.{third.name}", third, context, chunk_arrays=False)
    zero = ctx.sizes.contexts[-1]
    dump_stream(ctx, model, f"stream.{decoders[-1]}.L{zero[0]}R{zero[1]}.{third.name}", third, zero, chunk_arrays=False)
    context = ctx.sizes.contexts[1]
    dump_stream(ctx, model, f"stream.{decoders[-1]}.padded.{third.name}", third, context, pad_first=True)
    model.encoder.set_default_att_context_size(list(ctx.sizes.contexts[0]))
