/** The limits captions are made to; the defaults lie between those of Netflix and of the common editors. */

/** How captions are cut: what fits a line, how long a caption may and must stand. */
export type CaptionProfile = {
  /** User-perceived characters a line, joining spaces included. */
  readonly lineLength: number;
  readonly maxLines: number;
  /** Characters a second above which a cue is extended into the silence after it. */
  readonly maxCharsPerSecond: number;
  /** Seconds. */
  readonly minDuration: number;
  /** Seconds. */
  readonly maxDuration: number;
  /** Seconds between two cues; pauses shorter than `closeGap` are closed to it. */
  readonly minGap: number;
  readonly closeGap: number;
  /** Seconds a cue may stay after its last word. */
  readonly hold: number;
};

export const DEFAULT_CAPTIONS: CaptionProfile = {
  lineLength: 42,
  maxLines: 2,
  maxCharsPerSecond: 20,
  minDuration: 0.833,
  maxDuration: 7,
  minGap: 0.083,
  closeGap: 0.5,
  hold: 0.3,
};

const AT_LEAST_ONE: ReadonlySet<string> = new Set(['lineLength', 'maxLines', 'maxCharsPerSecond', 'maxDuration']);

/** What is wrong with limits that a caller gave, to follow their name (`captions has no width; …`); undefined where nothing is. */
export function captionProblem(profile: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, value] of Object.entries(profile)) {
    if (!Object.hasOwn(DEFAULT_CAPTIONS, name))
      return ` has no ${name}; it has ${Object.keys(DEFAULT_CAPTIONS).join(', ')}.`;
    const least = AT_LEAST_ONE.has(name) ? 1 : 0;
    if (!(typeof value === 'number' && value >= least && Number.isFinite(value)))
      return `: ${name} is ${typeof value === 'number' ? value : JSON.stringify(value)}; it is a number from ${least} on.`;
  }
  return undefined;
}
