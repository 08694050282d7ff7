/**
 * Walks the headers of a tar in a Blob; the members come back as slices of it.
 *
 * Own reader, because stream readers (modern-tar) read every body on the way, and a `.nemo` is 2 GB with the config possibly last. Nothing is
 * ever written to disk here; paths that would escape a folder are refused all the same, as NeMo `_safe_extract` does, because a harmless
 * checkpoint has none.
 */
import type { CheckpointFiles } from '../base/files.ts';
import { throwIfAborted } from '../base/abort.ts';
import { corrupt, quoteName } from './corrupt.ts';
import { MAX_PAX_BYTES, MAX_TAR_ENTRIES, MAX_TAR_NAME_BYTES } from './limits.ts';
import {
  BLOCK_BYTES,
  type TarHeader,
  isZeroBlock,
  parseLongName,
  parsePaxRecords,
  parseTarHeader,
} from './tar-header.ts';

/** Regular files by normalised name, in archive order; throws `checkpoint-corrupt` for a cut or hostile archive. */
export async function readTar(
  blob: Blob,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<CheckpointFiles> {
  const files = new Map<string, Blob>();
  let override: Override = {};
  let lastName = '';

  for (let position = 0, numEntries = 0; ; numEntries++) {
    throwIfAborted(signal);
    const block = await readBytes(blob, position, BLOCK_BYTES);
    if (block.length < BLOCK_BYTES) throw cutError(blob, lastName);
    if (isZeroBlock(block)) {
      await checkEnd(blob, position, lastName);
      return files;
    }
    if (numEntries >= MAX_TAR_ENTRIES) throw corrupt(`The archive has more than ${MAX_TAR_ENTRIES} members.`);
    const header = parseTarHeader(block);
    if (!header)
      throw position === 0
        ? notTarError(block)
        : corrupt(`The archive is damaged after ${describe(lastName)}: no tar header there.`);

    const isMeta = META_TYPES.has(header.type);
    // A PAX size belongs to the member itself, never to another extension header in between (CVE-2025-62518).
    const size = isMeta ? header.size : (override.size ?? header.size);
    const bodyStart = position + BLOCK_BYTES;
    const name = isMeta ? header.name : (override.name ?? header.name);
    if (size > blob.size - bodyStart) {
      const label = isMeta ? 'an extension header' : quoteName(name);
      throw corrupt(
        `The archive is cut inside ${label}: ${Math.max(0, blob.size - bodyStart)} of ${size} bytes are there. Download it again.`,
      );
    }
    if (isMeta) {
      override = { ...override, ...(await readMeta(blob, header, bodyStart)) };
    } else {
      addMember(files, { ...header, name }, blob.slice(bodyStart, bodyStart + size));
      override = {};
      lastName = name;
    }
    position = bodyStart + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
}

type Override = { readonly name?: string; readonly size?: number };

const META_TYPES = new Set(['x', 'g', 'L', 'K']);
/** Regular file, and "contiguous file", which POSIX says to treat as one. */
const FILE_TYPES = new Set(['0', '7']);
const DIRECTORY = '5';

async function readMeta(blob: Blob, header: TarHeader, bodyStart: number): Promise<Override> {
  if (header.size > MAX_PAX_BYTES) throw corrupt(`The archive has an extension header of ${header.size} bytes.`);
  const body = await readBytes(blob, bodyStart, header.size);
  if (header.type === 'L') return { name: parseLongName(body) };
  if (header.type === 'K') return {}; // long link target: links are refused when their own header comes
  const records = parsePaxRecords(body);
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse')))
    throw corrupt('The archive holds a sparse file.');
  const path = records.get('path');
  const size = records.get('size');
  if (header.type === 'g') {
    if (path !== undefined || size !== undefined)
      throw corrupt('The archive gives one path or size to all its members.');
    return {};
  }
  if (size !== undefined && !/^[0-9]{1,15}$/.test(size)) throw corrupt('The archive holds a malformed PAX size.');
  return { ...(path === undefined ? {} : { name: path }), ...(size === undefined ? {} : { size: Number(size) }) };
}

function addMember(files: Map<string, Blob>, { name, type }: TarHeader, content: Blob): void {
  if (name.length > MAX_TAR_NAME_BYTES) throw corrupt(`The archive has a name of ${name.length} characters.`);
  const segments = name.split('/');
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name) || /[\\\0]/.test(name) || segments.includes('..')) {
    throw corrupt(`The archive holds the path ${quoteName(name)}, which leads out of its folder.`);
  }
  if (type === DIRECTORY) return;
  if (!FILE_TYPES.has(type)) throw corrupt(`The archive holds ${quoteName(name)}, which is a link or a special file.`);
  const plainName = segments.filter((segment) => segment !== '' && segment !== '.').join('/');
  if (plainName === '') throw corrupt('The archive holds a member without a name.');
  if (files.has(plainName)) throw corrupt(`The archive holds ${quoteName(plainName)} twice.`);
  files.set(plainName, content);
}

/** Two zero blocks end an archive; without them it cannot be told from one cut between two members. */
async function checkEnd(blob: Blob, position: number, lastName: string): Promise<void> {
  const second = await readBytes(blob, position + BLOCK_BYTES, BLOCK_BYTES);
  if (second.length < BLOCK_BYTES || !isZeroBlock(second) || blob.size % BLOCK_BYTES !== 0)
    throw cutError(blob, lastName);
}

function cutError(blob: Blob, lastName: string): Error {
  return corrupt(
    `The archive is cut at byte ${blob.size}, after ${describe(lastName)}: its end mark is missing. Download it again.`,
  );
}

function notTarError(block: Uint8Array): Error {
  const isZip = block[0] === 0x50 && block[1] === 0x4b;
  const hint = isZip ? ' It is a zip file; a bare torch checkpoint has no configuration.' : '';
  return corrupt(`This is not a .nemo archive: it does not begin with a tar header.${hint}`);
}

function describe(lastName: string): string {
  return lastName === '' ? 'its beginning' : quoteName(lastName);
}

async function readBytes(blob: Blob, start: number, length: number): Promise<Uint8Array> {
  return new Uint8Array(await blob.slice(start, start + length).arrayBuffer());
}
