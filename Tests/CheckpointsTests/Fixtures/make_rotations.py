"""Adapters that turn a weight (OFT), and the weight as LyCORIS merges them.

    python make_rotations.py

Writes adapters/oft.safetensors, adapters/oft-convolution.safetensors and adapters/rotated.safetensors beside itself (`<kind>.weight` and what
it becomes, `<kind>.merged`). Made with lycoris-lora 4.1.3.
"""

import torch
from lycoris.modules.diag_oft import DiagOFTModule

import turned

OUTPUTS, INPUTS = 12, 8
goldens = turned.Goldens("rotated", seed=22)
goldens.lycoris("oft", DiagOFTModule, torch.nn.Linear(INPUTS, OUTPUTS), 3, 0.7, 0.05, False)
goldens.lycoris("oft-convolution", DiagOFTModule, torch.nn.Conv2d(INPUTS, OUTPUTS, 3), 3, 1.0, 0, True)
goldens.write()
