/** `npm run bench -- --peer`: contenders and clips put together, measured, and made a table. */
import { rmSync } from 'node:fs';
import { decodeWav } from '../../src/audio/wav.ts';
import { type ContenderOptions, contenders } from './contenders.ts';
import { fixtureClip } from './measure.ts';
import { type PeerOptions, measurePeers } from './measure-peers.ts';
import { type TableRow, peerTable } from './peer-table.ts';

export type BesidePeersOptions = ContenderOptions &
  Pick<PeerOptions, 'device' | 'rounds' | 'executablePath'> & {
    /** Folder of the fixtures' clips. */
    readonly fixtures: string;
    /** WAV, mono at 16 kHz, over a minute; absent: the fixtures' clips again and again. */
    readonly audio: Blob | undefined;
  };

const RATE = 16_000;
const SHORT_SECONDS = 15;
const LONG_SECONDS = 75;

export async function measureBesidePeers(
  options: BesidePeersOptions,
): Promise<{ names: string[]; rows: readonly TableRow[] }> {
  const sides = contenders(options);
  const audio = options.audio ?? (await fixtureClip(options.fixtures, LONG_SECONDS));
  const long = (await decodeWav(audio)).channels[0] as Float32Array;
  const clips = [long.slice(0, SHORT_SECONDS * RATE), long] as const;
  const all = await measurePeers({ ...options, contenders: sides, clips }).finally(() => {
    for (const { folder } of sides) rmSync(folder, { recursive: true, force: true });
  });
  const rows = peerTable(
    all,
    clips.map(({ length }) => length / RATE),
  );
  return { names: sides.map(({ name }) => name), rows };
}
