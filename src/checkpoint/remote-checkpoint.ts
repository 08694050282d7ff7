/** A checkpoint on some server, found but not fetched: what hub, URL and built-in sources have in common. */

export type RemoteFile = {
  /** Name within the checkpoint. */
  readonly name: string;
  readonly url: string;
  readonly sizeBytes: number;
  /** Hex digits, where the hub knows it (files in LFS). */
  readonly sha256?: string;
  /** ETag of the answer at `url`, where it is readable and that answer is the file itself. */
  readonly etag?: string;
};

/** Plain data: it is remembered in the store, so no token may be in it. */
export type RemoteCheckpoint = {
  /** Names the content: the same id means the same bytes, as far as the server lets us tell. */
  readonly id: string;
  readonly name: string;
  /** Commit of a hub repository. */
  readonly commit?: string;
  /** True for one `.nemo`; false for the files of an extracted one. */
  readonly isArchive: boolean;
  readonly files: readonly RemoteFile[];
};

/** Bytes of all files. */
export function sizeOf(checkpoint: RemoteCheckpoint): number {
  return checkpoint.files.reduce((sum, file) => sum + file.sizeBytes, 0);
}
