/** Languages whose place is beyond the one-hot vector would be written into the next clip's. */
import { expect, test } from 'vitest';
import { oneHotLanguages, readLanguagePrompt } from './language-prompt.ts';

test('a language beyond the vector is none of the prompt', () => {
  const model_defaults = {
    initialize_prompt_feature: true,
    num_prompts: 2,
    prompt_dictionary: { en: 0, de: 1, fr: 2 },
  };
  const spec = readLanguagePrompt({ model_defaults })!;
  expect(spec.languages).toEqual({ en: 0, de: 1 });
  expect([...oneHotLanguages(spec, [1, 0])]).toEqual([0, 1, 1, 0]);
});
