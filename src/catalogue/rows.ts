/**
 * How the catalogue is written down: a line a checkpoint, so that a list of hundreds stays small and readable.
 *
 * Columns: name; millions of parameters; BCP 47 languages joined by commas (`eu25`: the 25 European ones, `mul`: more than are listed); `hub`
 * where `nvidia/<name>` is a Hugging Face repository; the version in NVIDIA's NGC catalogue, with `:model/file` where those are not the name.
 */
import type { PretrainedModelInfo } from '../base/pretrained.ts';
import { descriptionOf } from './description.ts';

/** Lines of rows by NeMo class. */
export type Rows = Readonly<Record<string, string>>;

const EU25 = 'bg,cs,da,de,el,en,es,et,fi,fr,hr,hu,it,lt,lv,mt,nl,pl,pt,ro,ru,sk,sl,sv,uk';
const NGC = 'https://api.ngc.nvidia.com/v2/models/nvidia';
const BYTES_A_PARAMETER = 4;

/** The checkpoints of some rows, in their order. */
export function readRows(rows: Rows): PretrainedModelInfo[] {
  return Object.entries(rows).flatMap(([className, lines]) =>
    lines
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .map((line) => readRow(className, line)),
  );
}

function readRow(className: string, line: string): PretrainedModelInfo {
  const [name = '', millions = '', languages = '', hub, ngc = '-'] = line.split(' ');
  const parameters = Math.round(Number(millions) * 1e6);
  const licence = licenceOf(name, hub === 'hub');
  return {
    name,
    className,
    description: descriptionOf(name),
    languages: (languages === 'eu25' ? EU25 : languages).split(','),
    parameters,
    bytes: parameters * BYTES_A_PARAMETER,
    ...(licence ? { licence } : {}),
    ...(hub === 'hub' ? { hub: `nvidia/${name}` } : {}),
    ...(ngc === '-' ? {} : { ngc: ngcAddress(name, ngc) }),
  };
}

/** Where NeMo itself downloads from. A page can as a rule not: the server allows no other origin. */
function ngcAddress(name: string, entry: string): string {
  const [version = '', path = `${name}/${name}.nemo`] = entry.split(':');
  const [model, file] = path.split('/');
  // The oldest of all lies outside NeMo's own folder.
  const folder = model === 'nemospeechmodels' ? model : `nemo/${model}`;
  return `${NGC}/${folder}/versions/${version}/files/${file}`;
}

/** As the model cards say; NGC's pages name none but the terms of the site. */
function licenceOf(name: string, isOnHub: boolean): string | undefined {
  if (!isOnHub || name === 'nemotron-speech-streaming-en-0.6b') return undefined;
  if (name === 'canary-1b' || name.endsWith('_nc')) return 'CC-BY-NC-4.0';
  if (/unified|realtime_eou|rnnt-110m|Vietnamese/.test(name)) return 'NVIDIA Open Model License';
  return name.startsWith('nemotron-3.5') ? 'OpenMDW-1.1' : 'CC-BY-4.0';
}
