/**
 * Reads the ARPA text of an n-gram language model, order by order, as a stream: such files reach gigabytes.
 *
 * Weights become natural logarithms. Symbols stay as written between two tabs; what they mean (words, or NeMo's one character a token) is the
 * reader's matter.
 */
import { AsrError } from '../base/errors.ts';

export type ArpaNgram = {
  readonly order: number;
  readonly symbols: string;
  readonly weight: number;
  readonly backoff: number;
  readonly isHighestOrder: boolean;
};

/** Longest order read; published models stop at 6 or 10. */
const MAX_ORDER = 16;

/** Batches of n-grams, lowest order first. @throws AsrError `unsupported-option` where the text is no ARPA model */
export async function* readArpa(file: Blob): AsyncGenerator<readonly ArpaNgram[]> {
  let order = 0;
  let highest = 0;
  let isHeader = true;
  let isDone = false;
  let lineNumber = 0;
  for await (const lines of readLines(file)) {
    const ngrams: ArpaNgram[] = [];
    for (const line of lines) {
      lineNumber++;
      if (isHeader) {
        if (line.trim() === '') continue;
        if (line.trim() !== '\\data\\')
          throw unreadable('begins neither as ARPA text (\\data\\) nor as a binary of KenLM');
        isHeader = false;
      } else if (isDone || line === '') continue;
      else if (order === 0 && line.startsWith('ngram '))
        highest = Math.max(highest, Number.parseInt(line.slice(6), 10) || 0);
      else if (line.startsWith('\\end\\')) isDone = true;
      else if (line.startsWith('\\')) order = sectionOrder(line, order, lineNumber);
      else ngrams.push({ ...readNgram(line, order, lineNumber), isHighestOrder: order === highest });
    }
    if (ngrams.length > 0) yield ngrams;
  }
  if (isHeader || !isDone) throw unreadable(`ends in line ${lineNumber} without \\end\\`);
}

function sectionOrder(line: string, previous: number, lineNumber: number): number {
  const order = Number(/^\\(\d+)-grams:/.exec(line)?.[1]);
  if (order === previous + 1 && order <= MAX_ORDER) return order;
  throw unreadable(`line ${lineNumber} is ${JSON.stringify(line.slice(0, 40))}; expected \\${previous + 1}-grams:`);
}

function readNgram(line: string, order: number, lineNumber: number): Omit<ArpaNgram, 'isHighestOrder'> {
  const [weight = '', symbols, backoff = '0'] = line.split('\t');
  const values = [Number(weight), Number(backoff)] as const;
  if (order === 0 || symbols === undefined || weight === '' || values.some(Number.isNaN)) {
    throw unreadable(`line ${lineNumber} is no n-gram: ${JSON.stringify(line.slice(0, 40))}`);
  }
  return { order, symbols, weight: values[0] * Math.LN10, backoff: values[1] * Math.LN10 };
}

function unreadable(what: string): AsrError {
  return new AsrError('unsupported-option', `The language model (ngram_lm_model) ${what}.`);
}

async function* readLines(file: Blob): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  const reader = file.stream().getReader();
  let rest = '';
  try {
    while (true) {
      const { done, value } = await reader.read();
      const lines = (rest + decoder.decode(value, { stream: !done })).split('\n');
      rest = lines.pop() as string;
      yield lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
      if (done) break;
    }
    if (rest !== '') yield [rest];
  } finally {
    reader.releaseLock();
  }
}
