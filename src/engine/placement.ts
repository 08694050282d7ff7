/**
 * Where every part of a model runs: the table, apart from the sessions, because weights are converted for the device that will read them.
 *
 * The encoder follows the chosen device, and so do the CTC head and the joint's encoder projection, whose input is already there. Predictor and
 * joint are a few small matrices called hundreds of times a clip: on WASM a call costs 0.1 to 0.9 ms, on a GPU the latency of a submit and a
 * read-back each time, so `auto` puts them on WASM.
 */
import type { GraphName } from './checkpoint-parts.ts';
import type { Device } from './options.ts';

export type Placement = { readonly encoder: Device; readonly decoder: Device | 'auto' };

/**
 * Parts that `auto` puts beside the encoder: their input is there already. The attention decoder is among them: unlike a joint it is a large model
 * of its own, and its keys and values must not travel.
 */
const FOLLOWS_ENCODER: readonly GraphName[] = ['ctc', 'classification', 'projection', 'cross', 'decoder_step'];

/** The device of a part. */
export function deviceOf({ encoder, decoder }: Placement, name: GraphName): Device {
  if (FOLLOWS_ENCODER.includes(name)) return decoder === 'auto' ? encoder : decoder;
  if (name === 'predictor' || name === 'joint') return decoder === 'auto' ? 'wasm' : decoder;
  return encoder;
}
