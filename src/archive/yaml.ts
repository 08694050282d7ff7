/**
 * Reads `model_config.yaml` to the tree NeMo would see: YAML as OmegaConf loads it, interpolations resolved, old forms converted.
 *
 * OmegaConf reads YAML 1.1 through PyYAML with its own float rule: `on` is true, `n` and `y` are letters (labels of character models!), `1e-5` is a number,
 * dates stay text.
 */
import {
  NOT_RESOLVED,
  Schema,
  defineScalarTag,
  defineSequenceTag,
  floatYaml11Tag,
  intYaml11Tag,
  load,
  mapTag,
  mergeTag,
  nullYaml11Tag,
  seqTag,
  strTag,
} from 'js-yaml';
import type { ConfigValue } from './config-value.ts';
import { asCorrupt, corrupt } from './corrupt.ts';
import { resolveInterpolations } from './interpolation.ts';
import { MAX_YAML_ALIASES, MAX_YAML_BYTES, MAX_YAML_DEPTH, MAX_YAML_NODES } from './limits.ts';
import { updateOldConfig } from './old-config.ts';

/**
 * The config of a checkpoint: the `model` subtree where the root has one, `${…}` resolved, `cls`/`params` turned into `_target_`.
 *
 * Throws `checkpoint-corrupt` for text that is not YAML, exceeds the limits, or refers to what is not there.
 */
export async function readYaml(blob: Blob): Promise<unknown> {
  if (blob.size > MAX_YAML_BYTES)
    throw corrupt(`The configuration has ${blob.size} bytes; the most that is read is ${MAX_YAML_BYTES}.`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await blob.arrayBuffer());
    return updateOldConfig(resolveInterpolations(parseYaml(text)));
  } catch (thrown) {
    throw asCorrupt(thrown, 'The configuration could not be read as YAML.');
  }
}

function parseYaml(text: string): ConfigValue {
  // A node needs a comma or a line of its own, or one of few levels: this bounds the parser's memory before it starts.
  const numSeparators = text.match(/[,\n]/g)?.length ?? 0;
  if (numSeparators > MAX_YAML_NODES) throw corrupt(`The configuration has more than ${MAX_YAML_NODES} entries.`);
  const tree = load(text, { schema: OMEGACONF_SCHEMA, maxDepth: MAX_YAML_DEPTH, maxAliases: MAX_YAML_ALIASES });
  return new TreeCopy().copy(tree, 0);
}

/** Copies a tree, aliases expanded, so that what comes out is as small and as deep as the limits say. */
class TreeCopy {
  #numNodes = 0;

  copy(value: unknown, depth: number): ConfigValue {
    if (++this.#numNodes > MAX_YAML_NODES)
      throw corrupt(`The configuration expands to more than ${MAX_YAML_NODES} entries.`);
    if (depth > MAX_YAML_DEPTH) throw corrupt(`The configuration is nested more than ${MAX_YAML_DEPTH} levels deep.`);
    if (Array.isArray(value)) return value.map((item) => this.copy(item, depth + 1));
    if (typeof value === 'object' && value !== null) {
      const copied: Record<string, ConfigValue> = {};
      for (const [key, item] of Object.entries(value)) {
        if (key === '__proto__') throw corrupt('The configuration has a key named __proto__.');
        copied[key] = this.copy(item, depth + 1);
      }
      return copied;
    }
    if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
      return value;
    throw corrupt('The configuration holds a value that is neither text, number, list nor mapping.');
  }
}

const TRUE_WORDS = new Set(['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 'on', 'On', 'ON']);
const FALSE_WORDS = new Set(['false', 'False', 'FALSE', 'no', 'No', 'NO', 'off', 'Off', 'OFF']);

/** PyYAML's booleans: YAML 1.1 without the single letters. */
const boolTag = defineScalarTag<boolean>('tag:yaml.org,2002:bool', {
  implicit: true,
  implicitFirstChars: [...'tTfFyYnNoO'],
  resolve: (source) => (TRUE_WORDS.has(source) ? true : FALSE_WORDS.has(source) ? false : NOT_RESOLVED),
  identify: (data) => typeof data === 'boolean',
});

/** OmegaConf's addition: an exponent without a point makes a float too. */
const EXPONENT_FLOAT = /^(?:[-+]?[0-9]+(?:_[0-9]+)*\.?[0-9_]*[eE][-+]?[0-9]+|\.[0-9]+(?:_[0-9]+)*[eE][-+][0-9]+)$/;

const floatTag = defineScalarTag<number>('tag:yaml.org,2002:float', {
  implicit: true,
  implicitFirstChars: [...'-+.0123456789'],
  resolve: (source, isExplicit, tagName) => {
    const plain = floatYaml11Tag.resolve(source, isExplicit, tagName);
    if (plain !== NOT_RESOLVED || !EXPONENT_FLOAT.test(source)) return plain;
    return Number.parseFloat(source.replaceAll('_', ''));
  },
  identify: (data) => typeof data === 'number',
});

/** OmegaConf writes a `pathlib.Path` as a tagged list of its parts. */
const pathTags = ['Path', 'PosixPath', 'WindowsPath'].map((name) =>
  defineSequenceTag<string[], string>(`tag:yaml.org,2002:python/object/apply:pathlib.${name}`, {
    create: () => [],
    addItem: (parts, item) => void parts.push(String(item)),
    finalize: (parts) => parts.join('/').replace(/^\/+/, '/'),
    identify: () => false,
  }),
);

const OMEGACONF_SCHEMA = new Schema([
  strTag,
  seqTag,
  mapTag,
  nullYaml11Tag,
  boolTag,
  intYaml11Tag,
  floatTag,
  mergeTag,
  ...pathTags,
]);
