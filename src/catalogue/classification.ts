/** Voice detectors and command recognisers. Columns: see `rows.ts`. */
import type { Rows } from './rows.ts';

/** By NeMo class. */
export const CLASSIFICATION: Rows = {
  EncDecClassificationModel: `
    commandrecognition_en_matchboxnet3x1x64_v1 0.077 en - 1.0.0rc1
    commandrecognition_en_matchboxnet3x1x64_v2 0.077 en - 1.0.0rc1
    commandrecognition_en_matchboxnet3x1x64_v2_subset_task 0.077 en - 1.0.0rc1
    commandrecognition_en_matchboxnet3x2x64_v1 0.093 en - 1.0.0rc1
    commandrecognition_en_matchboxnet3x2x64_v2 0.093 en - 1.0.0rc1
    commandrecognition_en_matchboxnet3x2x64_v2_subset_task 0.093 en - 1.0.0rc1
    vad_marblenet 0.088 en - 1.0.0rc1
    vad_multilingual_marblenet 0.088 mul - 1.10.0
    vad_telephony_marblenet 0.088 en - 1.0.0rc1
  `,
  EncDecFrameClassificationModel: `
    vad_multilingual_frame_marblenet 0.0915 mul - 1.20.0
  `,
};
