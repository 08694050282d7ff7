/** Hybrids: a transducer and a CTC head on one encoder. Columns: see `rows.ts`. */
import type { Rows } from './rows.ts';

/** By NeMo class. */
export const HYBRID: Rows = {
  EncDecHybridRNNTCTCBPEModel: `
    parakeet-tdt_ctc-0.6b-ja 600 ja hub -
    parakeet-tdt_ctc-1.1b 1100 en hub -
    parakeet-tdt_ctc-110m 114 en hub v1
    stt_ar_fastconformer_hybrid_large_pc_v1.0 115 ar hub -
    stt_ar_fastconformer_hybrid_large_pcd_v1.0 115 ar hub -
    stt_be_fastconformer_hybrid_large_pc 115 be hub -
    stt_by_fastconformer_hybrid_large_pc 115 be - 1.21.0
    stt_de_fastconformer_hybrid_large_pc 115 de hub 1.21.0
    stt_en_fastconformer_hybrid_large_pc 115 en hub 1.21.0
    stt_en_fastconformer_hybrid_large_streaming_1040ms 115 en - 1.20.0
    stt_en_fastconformer_hybrid_large_streaming_480ms 115 en - 1.20.0
    stt_en_fastconformer_hybrid_large_streaming_80ms 115 en - 1.20.0
    stt_en_fastconformer_hybrid_large_streaming_multi 115 en hub 1.20.0
    stt_en_fastconformer_hybrid_medium_streaming_80ms 32 en hub -
    stt_en_fastconformer_hybrid_medium_streaming_80ms_pc 32 en hub -
    stt_es_fastconformer_hybrid_large_pc 115 es hub 1.21.0
    stt_es_fastconformer_hybrid_large_pc_nc 115 es hub -
    stt_fa_fastconformer_hybrid_large 115 fa hub -
    stt_fr_fastconformer_hybrid_large_pc 115 fr hub 1.21.0
    stt_hr_fastconformer_hybrid_large_pc 115 hr hub 1.21.0:stt_hr_fastconformer_hybrid_large_pc/FastConformer-Hybrid-Transducer-CTC-BPE-v256-averaged.nemo
    stt_hy_fastconformer_hybrid_large_pc 115 hy hub -
    stt_it_fastconformer_hybrid_large_pc 115 it hub 1.20.0
    stt_ka_fastconformer_hybrid_large_pc 115 ka hub -
    stt_ka_fastconformer_hybrid_transducer_ctc_large_streaming_80ms_pc 115 ka hub -
    stt_kk_ru_fastconformer_hybrid_large 115 kk,ru hub -
    stt_multilingual_fastconformer_hybrid_large_pc 115 be,de,en,es,fr,hr,it,pl,ru,uk - 1.21.0
    stt_multilingual_fastconformer_hybrid_large_pc_blend_eu 115 de,en,es,fr - 1.21.0
    stt_nl_fastconformer_hybrid_large_pc 115 nl hub -
    stt_pl_fastconformer_hybrid_large_pc 115 pl hub 1.21.0
    stt_pt_fastconformer_hybrid_large_pc 115 pt hub -
    stt_ru_fastconformer_hybrid_large_pc 115 ru hub 1.21.0
    stt_ua_fastconformer_hybrid_large_pc 115 uk hub 1.21.0
    stt_uz_fastconformer_hybrid_large_pc 115 uz hub -
  `,
};
