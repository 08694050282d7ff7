/** Transducers, RNN and token-and-duration. Columns: see `rows.ts`. */
import type { Rows } from './rows.ts';

/** By NeMo class. */
export const TRANSDUCER: Rows = {
  EncDecRNNTModel: `
    stt_zh_conformer_transducer_large 120 zh hub 1.8.0
  `,
  EncDecRNNTBPEModel: `
    nemotron-speech-streaming-en-0.6b 600 en hub -
    parakeet-rnnt-0.6b 600 en hub -
    parakeet-rnnt-1.1b 1100 en hub -
    parakeet-rnnt-110m-da-dk 110 da hub -
    parakeet-tdt-0.6b-v2 600 en hub -
    parakeet-tdt-0.6b-v3 600 eu25 hub -
    parakeet-tdt-1.1b 1100 en hub -
    parakeet-unified-en-0.6b 600 en hub -
    parakeet_realtime_eou_120m-v1 120 en hub -
    stt_be_conformer_transducer_large 120 be hub 1.12.0
    stt_ca_conformer_transducer_large 120 ca hub 1.11.0
    stt_de_conformer_transducer_large 120 de hub 1.5.0
    stt_de_contextnet_1024 144 de - 1.4.0
    stt_en_conformer_transducer_large 120 en hub 1.10.0
    stt_en_conformer_transducer_large_ls 120 en - 1.8.0
    stt_en_conformer_transducer_medium 30 en - 1.6.0
    stt_en_conformer_transducer_small 13 en - 1.6.0
    stt_en_conformer_transducer_xlarge 600 en hub 1.10.0
    stt_en_conformer_transducer_xxlarge 1000 en - 1.8.0
    stt_en_contextnet_1024 144 en - 1.9.0
    stt_en_contextnet_1024_mls 144 en - 1.0.0
    stt_en_contextnet_256 14 en - 1.6.0
    stt_en_contextnet_256_mls 14 en - 1.0.0
    stt_en_contextnet_512 40 en - 1.6.0
    stt_en_contextnet_512_mls 40 en - 1.0.0
    stt_en_fastconformer_tdt_large 115 en hub -
    stt_en_fastconformer_transducer_large 115 en hub 1.0.0
    stt_en_fastconformer_transducer_large_ls 115 en - 1.0.0
    stt_en_fastconformer_transducer_xlarge 616 en hub 1.20.1
    stt_en_fastconformer_transducer_xxlarge 1200 en hub 1.20.1
    stt_enes_conformer_transducer_large 120 en,es - 1.0.0
    stt_enes_conformer_transducer_large_codesw 120 en,es - 1.0.0
    stt_enes_contextnet_large 144 en,es - 1.0.0
    stt_eo_conformer_transducer_large 120 eo hub 1.14.0
    stt_es_conformer_transducer_large 120 es hub 1.8.0
    stt_es_contextnet_1024 144 es - 1.8.0
    stt_fr_conformer_transducer_large 120 fr hub 1.5
    stt_fr_contextnet_1024 144 fr - 1.5
    stt_hr_conformer_transducer_large 120 hr hub 1.11.0
    stt_it_conformer_transducer_large 120 it hub 1.13.0
    stt_kab_conformer_transducer_large 120 kab hub 1.12.0
    stt_ru_conformer_transducer_large 120 ru hub 1.13.0
    stt_rw_conformer_transducer_large 120 rw hub 1.11.0
  `,
  EncDecRNNTBPEModelWithPrompt: `
    nemotron-3.5-asr-streaming-0.6b 600 mul hub -
  `,
};
