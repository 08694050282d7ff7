import { describe, expect, it } from 'vitest';
import { selectChannel } from './channels.ts';

const stereo = { channels: [Float32Array.of(1, -1), Float32Array.of(0.5, 0)], sampleRate: 16_000 };

describe('selectChannel', () => {
  it('takes a channel by number', () => expect(selectChannel(stereo, 1)).toBe(stereo.channels[1]));

  it.each(['average', undefined] as const)('averages with %s', (selector) =>
    expect([...selectChannel(stereo, selector)]).toEqual([0.75, -0.5]),
  );

  it.each([2, -1, 0.5])('refuses channel %d of two', (selector) =>
    expect(() => selectChannel(stereo, selector)).toThrow(RangeError),
  );
});
