"""Makes eight-bits.safetensors: every byte as an eight-bit float, and what torch makes of it. Run beside this file."""

import torch
from safetensors.torch import save_file

tensors = {}
for name, kind in (("e4m3", torch.float8_e4m3fn), ("e5m2", torch.float8_e5m2)):
    numbers = torch.arange(256, dtype=torch.uint8).view(kind)
    tensors[name] = numbers
    tensors[f"{name}-values"] = numbers.float()
    finite = numbers[numbers.float().isfinite()]
    tensors[f"{name}-rows"] = finite[:240].reshape(2, 120).clone()
save_file(tensors, "eight-bits.safetensors")
