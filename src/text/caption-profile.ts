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
