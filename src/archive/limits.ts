/**
 * What a checkpoint may cost to read, before anything in it is believed.
 *
 * Every number a file states is held against one of these first, so a hostile file ends in `checkpoint-corrupt` after bounded time and
 * memory. "Real" is the largest legitimate use known; each limit keeps at least eight times that.
 */

/** Real ≤ 5 GB; far inside safe integers. */
export const MAX_ARCHIVE_BYTES: number = 16 * 2 ** 30;
/** Real ~40 members. */
export const MAX_TAR_ENTRIES = 4096;
/** Real < 200 bytes. */
export const MAX_TAR_NAME_BYTES = 4096;
/** One PAX header; other readers allow 10 MB, ours holds a path and times. */
export const MAX_PAX_BYTES: number = 64 * 2 ** 10;

/** Weights deflate by ~1.1, configs by ~10; deflate's own top is 1032. Enforced once `INFLATE_FREE_BYTES` have come out. */
export const MAX_INFLATE_RATIO = 64;
/** Up to here any ratio is fine: it fits in memory anyway. */
export const INFLATE_FREE_BYTES: number = 64 * 2 ** 20;

/** Real ~3000 storages. */
export const MAX_ZIP_ENTRIES = 65_536;
/** Real ~0.3 MB; each entry costs about ten times its bytes in objects while it is parsed. */
export const MAX_CENTRAL_DIRECTORY_BYTES: number = 4 * 2 ** 20;

/** Real 0.5 MB (2000 tensors); read whole. */
export const MAX_PICKLE_BYTES: number = 64 * 2 ** 20;
/** Real ~100 k (30 a tensor). */
export const MAX_PICKLE_OPS = 2_000_000;
/** Python writes dictionaries in batches of 1000 pairs. */
export const MAX_PICKLE_STACK = 100_000;
/** Real ~60 k. */
export const MAX_PICKLE_MEMO = 1_000_000;
/** Open marks and nested tuples; real 6. */
export const MAX_PICKLE_DEPTH = 64;
/** One string or bytes object; parameter names are < 200. */
export const MAX_PICKLE_STRING: number = 2 ** 20;
/** Torch's own magic number needs 10. */
export const MAX_LONG_BYTES = 16;

/** Convolution weights have rank 4. */
export const MAX_TENSOR_RANK = 8;
/** Real ~10^8; typed arrays end near here. */
export const MAX_TENSOR_ELEMENTS: number = 2 ** 31;
/** A view whose elements overlap (stride 0) costs more than the file holds: allowed only while small. */
export const MAX_OVERLAPPING_ELEMENTS: number = 2 ** 24;
/** All such views together, beyond what is stored. */
export const MAX_OVERLAPPING_BYTES: number = 2 ** 28;
/** Tensors over the same bytes: real 1, 2 where embedding and head are tied. */
export const MAX_SHARING = 16;
/** Real ~3000. */
export const MAX_TENSORS = 65_536;
/** Real < 0.5 MB; the reference implementation allows 100 MB. */
export const MAX_SAFETENSORS_HEADER: number = 4 * 2 ** 20;

/** Real ~1 MB with a 16 k vocabulary in it. */
export const MAX_YAML_BYTES: number = 4 * 2 ** 20;
/** Counted after aliases and interpolations are expanded; real ~50 k. */
export const MAX_YAML_NODES = 500_000;
/** OmegaConf never writes one. */
export const MAX_YAML_ALIASES = 100;
/** Real ~8. */
export const MAX_YAML_DEPTH = 64;
/** One interpolation leading to another; a cycle ends here as well. */
export const MAX_INTERPOLATION_DEPTH = 32;

/** A file's text inside an error message. */
export const MAX_LABEL_CHARS = 200;
