/** A decoder prompt as its format spells it: special tokens, and text that a language's tokenizer has to cut. */
export type PromptPart =
  | { readonly token: string }
  | {
      readonly text: string;
      /** Language whose tokenizer cuts the text, where there are several. */
      readonly lang: string;
    };
