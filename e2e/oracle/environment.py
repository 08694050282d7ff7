"""NeMo, quiet and on one thread. Every other module imports NeMo through this one, so that the settings come first."""
from __future__ import annotations

import logging as std_logging
import os
import warnings
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.filterwarnings("ignore")
std_logging.disable(std_logging.WARNING)

import torch

torch.set_num_threads(1)  # more threads would change the order of sums, and so the bits

import nemo
import nemo.collections.asr as nemo_asr
from nemo.utils import logging as nemo_logging

nemo_logging.setLevel(nemo_logging.ERROR)

ASR = nemo_asr.models
RATE = 16000
NEMO_MAJOR = int(nemo.__version__.split(".")[0])
Config = dict[str, Any]
