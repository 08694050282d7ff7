/** What one recording of a call has come to so far: its decoded windows, and their text. */
import type { LongAudioMode, TranscribeResult } from './options.ts';
import { joinTexts } from '../text/join-windows.ts';
import { frameFactor } from '../model/encoder.ts';
import { mergeOverlap } from './aed-chunks.ts';
import type { DecodedWindow } from './hypothesis.ts';
import type { RunningModel } from './running-model.ts';

export class RecordingResult {
  readonly #model: RunningModel;
  readonly #windows: DecodedWindow[] = [];
  /** Samples that are decoded. */
  numSamples = 0;
  /** Text so far; kept up only where somebody is told. */
  text = '';
  /** Whether an attention decoder reads it in overlapping chunks. */
  isInChunks = false;

  constructor(model: RunningModel) {
    this.#model = model;
  }

  get hasWindows(): boolean {
    return this.#windows.length > 0;
  }

  /** Adds a window that ends at sample `end`, or merges it with the one it overlaps. */
  add(window: DecodedWindow, { end, overlaps, isTold }: { end: number; overlaps: boolean; isTold: boolean }): void {
    const { writer, spec } = this.#model.parts;
    const before = overlaps ? this.#windows.pop() : undefined;
    const merging = {
      frameSeconds: (spec.mel.hopLength * frameFactor(spec.encoder)) / spec.mel.sampleRate,
      textOf: (ids: readonly number[]) => writer.text(ids),
    };
    this.#windows.push(before ? mergeOverlap(before, window, merging) : window);
    this.numSamples = end;
    if (isTold) this.text = before ? writer.textOf(this.#windows) : joinTexts([this.text, writer.textOf([window])]);
  }

  /** All of it so far, where it is decoded piece by piece as one window. */
  replace(window: DecodedWindow, end: number): void {
    this.#windows.splice(0, this.#windows.length, window);
    this.numSamples = end;
    this.text = this.#model.parts.writer.textOf(this.#windows);
  }

  finish(long: LongAudioMode, timestamps: boolean): TranscribeResult {
    const { writer, spec } = this.#model.parts;
    const { decoderKind: decoder, decoding } = this.#model;
    return {
      hypothesis: writer.write(this.#windows, { timestamps, decoder, decoding: decoding?.config }),
      duration: this.numSamples / spec.mel.sampleRate,
      long: long !== 'auto' ? long : this.isInChunks ? 'buffered' : this.#windows.length > 1 ? 'pauses' : 'full',
    };
  }
}
