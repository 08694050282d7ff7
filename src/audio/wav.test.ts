import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeWav, encodeWav, streamWav } from './wav.ts';

type Lies = {
  riffSize?: number;
  dataSize?: number;
  blockAlign?: number;
  fmtAfterData?: boolean;
  before?: Uint8Array;
  cut?: number;
};
type Format = { tag: number; bits: number; channels?: number; rate?: number; extensible?: boolean };

/** A WAV file with the given data bytes, lying as asked. */
function wav(format: Format, data: Uint8Array, lies: Lies = {}): Blob {
  const { tag, bits, channels = 1, rate = 16_000, extensible = false } = format;
  const fmt = new DataView(new ArrayBuffer(extensible ? 40 : 16));
  fmt.setUint16(0, extensible ? 0xfffe : tag, true);
  fmt.setUint16(2, channels, true);
  fmt.setUint32(4, rate, true);
  fmt.setUint16(12, lies.blockAlign ?? (channels * bits) / 8, true);
  fmt.setUint16(14, bits, true);
  if (extensible) fmt.setUint16(24, tag, true);
  const fmtChunk = chunk('fmt ', new Uint8Array(fmt.buffer));
  const dataChunk = chunk('data', data, lies.dataSize);
  const chunks = [
    lies.before ?? new Uint8Array(0),
    ...(lies.fmtAfterData ? [dataChunk, fmtChunk] : [fmtChunk, dataChunk]),
  ];
  const size = 4 + chunks.reduce((sum, { length }) => sum + length, 0);
  const head = chunk('RIFF', new TextEncoder().encode('WAVE'), lies.riffSize ?? size);
  const whole = new Blob([head, ...chunks] as BlobPart[]);
  return lies.cut === undefined ? whole : whole.slice(0, whole.size - lies.cut);
}

function chunk(name: string, body: Uint8Array, size: number = body.length): Uint8Array {
  const bytes = new Uint8Array(8 + body.length + (body.length % 2));
  bytes.set(new TextEncoder().encode(name));
  new DataView(bytes.buffer).setUint32(4, size, true);
  bytes.set(body, 8);
  return bytes;
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const pcm16 = (...samples: number[]) => bytesOf(Int16Array.from(samples));
const PCM16 = { tag: 1, bits: 16 };
const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('decodeWav', () => {
  const formats: [string, Format, Uint8Array, number[]][] = [
    ['8-bit unsigned', { tag: 1, bits: 8 }, Uint8Array.of(0, 128, 255), [-1, 0, 127 / 128]],
    ['16-bit', PCM16, pcm16(-32_768, 1, 32_767), [-1, 1 / 32_768, 32_767 / 32_768]],
    ['24-bit', { tag: 1, bits: 24 }, Uint8Array.of(0, 0, 0x80, 1, 0, 0, 0xff, 0xff, 0xff), [-1, 2 ** -23, -(2 ** -23)]],
    ['32-bit', { tag: 1, bits: 32 }, bytesOf(Int32Array.of(-(2 ** 31), 2 ** 30)), [-1, 0.5]],
    ['32-bit float', { tag: 3, bits: 32 }, bytesOf(Float32Array.of(0.25, -1.5)), [0.25, -1.5]],
    ['64-bit float', { tag: 3, bits: 64 }, bytesOf(Float64Array.of(0.25, -1.5)), [0.25, -1.5]],
    ['extensible 16-bit', { ...PCM16, extensible: true }, pcm16(16_384), [0.5]],
    // G.711: the loudest and the softest code of either sign.
    ['mu-law', { tag: 7, bits: 8 }, Uint8Array.of(0x00, 0x80, 0xff, 0x7f), [-32_124 / 32_768, 32_124 / 32_768, 0, -0]],
    [
      'A-law',
      { tag: 6, bits: 8 },
      Uint8Array.of(0x2a, 0xaa, 0xd5, 0x55),
      [-32_256 / 32_768, 32_256 / 32_768, 8 / 32_768, -8 / 32_768],
    ],
  ];
  it.each(formats)('reads %s', async (_name, format, data, expected) => {
    const { channels, sampleRate } = await decodeWav(wav(format, data));
    expect(sampleRate).toBe(16_000);
    expect([...channels[0]!].map((sample) => sample + 0)).toEqual(expected.map((sample) => Math.fround(sample) + 0));
  });

  it('keeps channels apart', async () => {
    const { channels } = await decodeWav(wav({ ...PCM16, channels: 2 }, pcm16(1, -1, 2, -2)));
    expect(channels.map((channel) => [...channel].map((sample) => sample * 32_768))).toEqual([
      [1, 2],
      [-1, -2],
    ]);
  });

  it('steps over odd chunks, with their padding', async () => {
    const before = chunk('LIST', Uint8Array.of(1, 2, 3));
    expect((await decodeWav(wav(PCM16, pcm16(7), { before }))).channels[0]).toHaveLength(1);
  });

  it('finds a format that comes after the data', async () => {
    expect((await decodeWav(wav(PCM16, pcm16(7, 8), { fmtAfterData: true }))).channels[0]).toHaveLength(2);
  });

  it.each([
    { dataSize: 0xffffffff, riffSize: 0xffffffff },
    { dataSize: 0, riffSize: 0 },
    { dataSize: 0, riffSize: 36 },
  ])('reads to the end of the file when a recorder left the sizes open: %o', async (lies) => {
    const { channels, truncated } = await decodeWav(wav(PCM16, pcm16(1, 2, 3), lies));
    expect(channels[0]).toHaveLength(3);
    expect(truncated).toBeUndefined();
  });

  it('reads what is there of a file that was cut, and says so', async () => {
    const pcm = await decodeWav(wav(PCM16, pcm16(1, 2, 3, 4), { cut: 3 }));
    expect(pcm.channels[0]).toHaveLength(2);
    expect(pcm.truncated).toBe(true);
  });

  it('turns NaN and infinity into silence', async () => {
    const data = bytesOf(Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 0.5));
    expect([...(await decodeWav(wav({ tag: 3, bits: 32 }, data))).channels[0]!]).toEqual([0, 0, 0.5]);
  });

  it('takes a block size of 0 for a missing one', async () => {
    expect((await decodeWav(wav(PCM16, pcm16(1, 2), { blockAlign: 0 }))).channels[0]).toHaveLength(2);
  });

  it('says that a file without samples is empty', async () => {
    await expect(decodeWav(wav(PCM16, new Uint8Array(0)))).rejects.toEqual(code('audio-empty'));
  });

  it.each([
    ['no channels', wav({ ...PCM16, channels: 0 }, pcm16(1))],
    ['65 535 channels', wav({ ...PCM16, channels: 65_535 }, pcm16(1))],
    ['rate 0', wav({ ...PCM16, rate: 0 }, pcm16(1))],
    ['rate 4 000 000 000', wav({ ...PCM16, rate: 4_000_000_000 }, pcm16(1))],
    ['ADPCM', wav({ tag: 2, bits: 4 }, pcm16(1), { blockAlign: 256 })],
    ['no data', new Blob([chunk('RIFF', new TextEncoder().encode('WAVE')) as BlobPart])],
    ['another file', new Blob(['hello world, hello world'])],
  ])('refuses %s', async (_name, blob) => {
    await expect(decodeWav(blob)).rejects.toEqual(code('audio-undecodable'));
  });

  it('gives samples or an AsrError for any bytes after a valid start', async () => {
    const start = new Uint8Array(await wav(PCM16, pcm16(1, 2, 3, 4)).arrayBuffer());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(start.length - 1), fc.nat(255)), { maxLength: 6 }), async (changes) => {
        const bytes = start.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          expect((await decodeWav(new Blob([bytes]))).channels[0]!.length).toBeGreaterThan(0);
        } catch (thrown) {
          expect(thrown).toHaveProperty('name', 'AsrError');
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('streamWav', () => {
  it('gives a long file in bounded blocks', async () => {
    const samples = Float32Array.from({ length: 200_000 }, (_, i) => (i % 1000) / 1024);
    const lengths: number[] = [];
    for await (const { channels } of streamWav(encodeWav(samples, 8000))) lengths.push(channels[0]!.length);
    expect(lengths).toEqual([65_536, 65_536, 65_536, 3392]);
  });

  it('stops when it is cancelled', async () => {
    const controller = new AbortController();
    const blocks = streamWav(encodeWav(new Float32Array(200_000), 8000), { signal: controller.signal });
    await blocks.next();
    controller.abort();
    await expect(blocks.next()).rejects.toEqual(code('cancelled'));
  });
});

describe('encodeWav', () => {
  it('writes what decodeWav reads', async () => {
    const { channels, sampleRate } = await decodeWav(encodeWav(Float32Array.of(0, 0.5, -1, 2), 44_100));
    expect(sampleRate).toBe(44_100);
    expect([...channels[0]!]).toEqual([0, 0.5, -1, 32_767 / 32_768]);
  });
});
