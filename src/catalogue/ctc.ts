/** CTC checkpoints. Columns: see `rows.ts`. */
import type { Rows } from './rows.ts';

/** By NeMo class. */
export const CTC: Rows = {
  EncDecCTCModel: `
    QuartzNet15x5Base-En 18.9 en - 1.0.0a5:nemospeechmodels/QuartzNet15x5Base-En.nemo
    stt_ca_quartznet15x5 18.9 ca - 1.0.0rc1
    stt_de_quartznet15x5 18.9 de - 1.0.0rc1
    stt_en_jasper10x5dr 333 en - 1.0.0rc1
    stt_en_quartznet15x5 18.9 en - 1.0.0rc1
    stt_es_quartznet15x5 18.9 es - 1.0.0rc1
    stt_fr_quartznet15x5 18.9 fr - 1.0.0rc1
    stt_it_quartznet15x5 18.9 it - 1.0.0rc1
    stt_pl_quartznet15x5 18.9 pl - 1.0.0rc1
    stt_ru_quartznet15x5 18.9 ru - 1.0.0rc1
    stt_uk_citrinet_1024_gamma_0_25 142 uk hub -
    stt_zh_citrinet_1024_gamma_0_25 142 zh hub 1.0.0
    stt_zh_citrinet_512 37 zh - 1.0.0rc1
  `,
  EncDecCTCModelBPE: `
    parakeet-ctc-0.6b 600 en hub -
    parakeet-ctc-0.6b-Vietnamese 600 vi hub -
    parakeet-ctc-1.1b 1100 en hub -
    stt_be_conformer_ctc_large 120 be hub 1.12.0
    stt_ca_conformer_ctc_large 120 ca hub 1.11.0
    stt_de_citrinet_1024 142 de - 1.5.0
    stt_de_conformer_ctc_large 120 de hub 1.5.0
    stt_en_citrinet_1024 142 en - 1.0.0rc1
    stt_en_citrinet_1024_gamma_0_25 142 en hub 1.0.0
    stt_en_citrinet_1024_ls 142 en hub -
    stt_en_citrinet_256 10 en - 1.0.0rc1
    stt_en_citrinet_256_gamma_0_25 10 en - 1.0.0
    stt_en_citrinet_256_ls 10 en hub -
    stt_en_citrinet_384_ls 21 en hub -
    stt_en_citrinet_512 37 en - 1.0.0rc1
    stt_en_citrinet_512_gamma_0_25 37 en - 1.0.0
    stt_en_citrinet_512_ls 37 en hub -
    stt_en_citrinet_768_ls 81 en hub -
    stt_en_conformer_ctc_large 120 en hub 1.10.0
    stt_en_conformer_ctc_large_ls 120 en - 1.0.0
    stt_en_conformer_ctc_medium 30 en - 1.6.0
    stt_en_conformer_ctc_medium_ls 30 en - 1.0.0
    stt_en_conformer_ctc_small 13 en hub 1.6.0
    stt_en_conformer_ctc_small_ls 13 en - 1.0.0
    stt_en_conformer_ctc_xlarge 600 en - 1.10.0
    stt_en_fastconformer_ctc_large 115 en hub 1.0.0
    stt_en_fastconformer_ctc_large_ls 115 en - 1.0.0
    stt_en_fastconformer_ctc_xlarge 616 en hub 1.20.0
    stt_en_fastconformer_ctc_xxlarge 1200 en hub 1.20.1
    stt_en_squeezeformer_ctc_large_ls 236 en - 1.13.0
    stt_en_squeezeformer_ctc_medium_large_ls 125 en - 1.13.0
    stt_en_squeezeformer_ctc_medium_ls 56 en - 1.13.0
    stt_en_squeezeformer_ctc_small_ls 19 en - 1.13.0
    stt_en_squeezeformer_ctc_small_medium_ls 28 en - 1.13.0
    stt_en_squeezeformer_ctc_xsmall_ls 9 en - 1.13.0
    stt_enes_conformer_ctc_large 120 en,es - 1.0.0
    stt_enes_conformer_ctc_large_codesw 120 en,es - 1.0.0
    stt_eo_conformer_ctc_large 120 eo hub 1.14.0
    stt_es_citrinet_1024_gamma_0_25 142 es - 1.8.0
    stt_es_citrinet_512 37 es - 1.0.0
    stt_es_conformer_ctc_large 120 es hub 1.8.0
    stt_fr_citrinet_1024_gamma_0_25 142 fr - 1.5
    stt_fr_conformer_ctc_large 120 fr hub 1.5.1
    stt_fr_no_hyphen_citrinet_1024_gamma_0_25 142 fr - 1.5:stt_fr_citrinet_1024_gamma_0_25/stt_fr_no_hyphen_citrinet_1024_gamma_0_25.nemo
    stt_fr_no_hyphen_conformer_ctc_large 120 fr - 1.5.1:stt_fr_conformer_ctc_large/stt_fr_no_hyphen_conformer_ctc_large.nemo
    stt_hi_conformer_ctc_medium 30 hi - 1.6.0
    stt_hr_conformer_ctc_large 120 hr hub 1.11.0
    stt_it_conformer_ctc_large 120 it hub 1.13.0
    stt_mr_conformer_ctc_medium 30 mr - 1.6.0
    stt_ru_conformer_ctc_large 120 ru hub 1.13.0
    stt_rw_conformer_ctc_large 120 rw hub 1.11.0
  `,
};
