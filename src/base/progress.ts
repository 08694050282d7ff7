/** What a long operation reports while it runs; `phase` tells which numbers are there. */
export type Progress =
  | {
      readonly phase: 'download';
      readonly loadedBytes: number;
      /** Absent until the server has told the size. */
      readonly totalBytes?: number;
      readonly bytesPerSecond: number;
    }
  | { readonly phase: 'convert'; readonly loadedBytes: number; readonly totalBytes: number }
  | { readonly phase: 'load'; readonly part: string }
  | {
      readonly phase: 'transcribe';
      /** Seconds of audio decoded so far, over all files. */
      readonly seconds: number;
      /** Seconds of audio in all; absent while a stream's end is unknown. */
      readonly totalSeconds?: number;
      readonly fileIndex: number;
      /** Text of the current file so far. */
      readonly text: string;
    };

/** Called as often as something is worth showing; never after the operation has ended. */
export type OnProgress = (progress: Progress) => void;
