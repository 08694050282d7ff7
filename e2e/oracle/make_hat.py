"""A random HATJoint of NeMo and its outputs for five frames: e2e/fixtures/heads. No published archive has one.

    python make_hat.py ../fixtures/heads
"""

import sys
from pathlib import Path

import numpy as np
import torch
from nemo.collections.asr.modules.hybrid_autoregressive_transducer import HATJoint

folder = Path(sys.argv[1])
torch.manual_seed(1)
jointnet = {"joint_hidden": 12, "activation": "relu", "dropout": 0.2, "encoder_hidden": 10, "pred_hidden": 8}
joint = HATJoint(jointnet=jointnet, num_classes=20, vocabulary=[str(i) for i in range(20)]).eval()
torch.save({f"joint.{name}": value for name, value in joint.state_dict().items()}, folder / "hat.ckpt")
projected, predicted = torch.randn(5, 12), torch.randn(5, 12)
with torch.no_grad():
    rows = [joint.joint_after_projection(f[None, None], g[None, None])[0, 0, 0] for f, g in zip(projected, predicted)]
np.savez(folder / "hat.npz", projected=projected.numpy(), predicted=predicted.numpy(), logits=torch.stack(rows).numpy())
