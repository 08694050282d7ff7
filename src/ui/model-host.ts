/**
 * The model a page works with: opened when first needed, replaced on request, shared by everything on the page.
 *
 * Only one model is held. Opening another ends the first one's worker before the new one starts, so two never add up in memory; whoever
 * still used it gets a `disposed` error.
 */
import { AsrError, type ErrorCode, isAsrError } from '../base/errors.ts';
import type { Progress } from '../base/progress.ts';
import { ASRModel } from '../rpc/asr-model.ts';
import type { LoadOptions } from '../rpc/protocol.ts';
import type { CheckpointSource } from '../rpc/source.ts';

/** What to open: a published name or anything `ASRModel.restoreFrom` takes. */
export type ModelChoice = { readonly name: string } | { readonly source: CheckpointSource; readonly label: string };

/** Where the host stands; `change` is dispatched whenever it becomes another object. */
export type HostState =
  | { readonly status: 'idle' }
  | { readonly status: 'loading'; readonly label: string; readonly progress: Progress | undefined }
  | { readonly status: 'ready'; readonly model: ASRModel }
  | { readonly status: 'failed'; readonly label: string; readonly error: unknown };

/** Opens and owns one model. Dispatches `change`. */
export class ModelHost extends EventTarget {
  #state: HostState = { status: 'idle' };
  #choice: ModelChoice;
  #options: LoadOptions;
  #opening: Promise<ASRModel> | undefined;
  #abort = new AbortController();

  constructor(choice: ModelChoice, options: LoadOptions = {}) {
    super();
    this.#choice = choice;
    this.#options = options;
  }

  get state(): HostState {
    return this.#state;
  }

  /** The choice that is open or would be opened. */
  get choice(): ModelChoice {
    return this.#choice;
  }

  get device(): LoadOptions['device'] {
    return this.#options.device ?? 'auto';
  }

  /** The open model, opening it first when needed. Rejects with what opening threw. */
  model(): Promise<ASRModel> {
    if (this.#state.status === 'ready') return Promise.resolve(this.#state.model);
    this.#opening ??= this.#open(this.#abort.signal);
    return this.#opening;
  }

  /** Opens another model in place of this one; if that fails or is cancelled the previous choice is opened at the next use. */
  async use(choice: ModelChoice, options: LoadOptions = {}): Promise<ASRModel> {
    const before = this.#choice;
    const optionsBefore = this.#options;
    this.close();
    this.#choice = choice;
    this.#options = { ...this.#options, ...options };
    try {
      return await this.model();
    } catch (error) {
      if (this.#choice === choice) {
        this.#choice = before;
        this.#options = optionsBefore;
        this.#set(isAsrError(error, 'cancelled') ? { status: 'idle' } : this.#state); // the choice is another one again
      }
      throw error;
    }
  }

  /** Stops an opening or ends the open model; the next use opens it again. */
  close(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#opening = undefined;
    if (this.#state.status === 'ready') this.#state.model.dispose().catch(reportError);
    this.#set({ status: 'idle' });
  }

  /** Tells that using the model failed: one whose worker is gone is opened afresh at the next use. */
  noteFailure(error: unknown): void {
    if (this.#state.status === 'ready' && isAsrError(error) && GONE.has(error.code)) this.close();
  }

  async #open(signal: AbortSignal): Promise<ASRModel> {
    const label = labelOf(this.#choice);
    const show = (state: HostState): void => {
      if (!signal.aborted) this.#set(state);
    };
    show({ status: 'loading', label, progress: undefined });
    try {
      const onProgress = (progress: Progress): void => show({ status: 'loading', label, progress });
      const onReport = (): void => show(this.#state); // the same model, running elsewhere
      const options = { ...this.#options, signal, onProgress, onReport };
      const choice = this.#choice;
      const model = await ('name' in choice
        ? ASRModel.fromPretrained(choice.name, options)
        : ASRModel.restoreFrom(choice.source, options));
      if (signal.aborted) {
        await model.dispose();
        throw new AsrError('cancelled', 'Another model was opened instead.');
      }
      show({ status: 'ready', model });
      return model;
    } catch (error) {
      if (!signal.aborted) this.#opening = undefined;
      show({ status: 'failed', label, error });
      throw error;
    }
  }

  #set(state: HostState): void {
    this.#state = state;
    this.dispatchEvent(new Event('change'));
  }
}

const GONE: ReadonlySet<ErrorCode> = new Set(['device-lost', 'out-of-memory', 'disposed']);

/** A choice as people see it. */
export function labelOf(choice: ModelChoice): string {
  return 'name' in choice ? choice.name : choice.label;
}
