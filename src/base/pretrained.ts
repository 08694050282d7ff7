/** A published checkpoint, as the catalogue lists it (NeMo `PretrainedModelInfo`). */

/** What is known of a checkpoint before it is there. Sizes are rounded, as model cards give them; the exact one comes from the server. */
export type PretrainedModelInfo = {
  /** The name to give to `fromPretrained`, and NeMo's name for it. */
  readonly name: string;
  /** NeMo class it restores to. */
  readonly className: string;
  readonly description: string;
  /** BCP 47 tags; `mul` stands for more than are listed. */
  readonly languages: readonly string[];
  readonly parameters: number;
  /** Bytes of the `.nemo`. */
  readonly bytes: number;
  /** SPDX identifier or the licence's name, where the model card says it. */
  readonly licence?: string;
  /** Hugging Face repository that `fromPretrained` fetches it from. */
  readonly hub?: string;
  /** Address of the file in NVIDIA's NGC catalogue. Pages may not read from there: download it and open it with `restoreFrom`. */
  readonly ngc?: string;
};
