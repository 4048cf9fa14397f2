"""Noise levels and walks of the samplers that AUTOMATIC1111's web UI takes from k-diffusion.

    pip install --no-deps k-diffusion
    python make_webui_goldens.py

Writes webui.json and webui.safetensors beside itself. Of k-diffusion only its samplers and its wrapper of discrete models are loaded; what
these import and do not use here is replaced by empty modules. Made with k-diffusion 0.1.1.
"""

import importlib
import importlib.util
import json
import sys
import types
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent
SAMPLERS = ["euler", "euler-karras", "euler-a", "heun", "heun-karras", "dpmpp-2m", "dpmpp-2m-karras"]
FUNCTIONS = {"euler": "sample_euler", "euler-a": "sample_euler_ancestral", "heun": "sample_heun", "dpmpp-2m": "sample_dpmpp_2m"}


def k_diffusion():
    for name, contents in (("scipy", ["integrate"]), ("torchdiffeq", ["odeint"]), ("torchsde", []), ("torchvision", []),
                           ("torchvision.transforms", ["functional"])):
        if importlib.util.find_spec(name.split(".")[0]) is None:
            module = types.ModuleType(name)
            for attribute in contents:
                setattr(module, attribute, None)
            sys.modules[name] = module
    folder = importlib.util.find_spec("k_diffusion").submodule_search_locations[0]
    package = types.ModuleType("k_diffusion")
    package.__path__ = [folder]
    sys.modules["k_diffusion"] = package
    return importlib.import_module("k_diffusion.sampling"), importlib.import_module("k_diffusion.external")


sampling, external = k_diffusion()


class Model:
    """Stands for the wrapped checkpoint: its answer is a fixed function of what it is given, so that both sides can compute it."""

    def __init__(self):
        betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
        self.alphas_cumprod = torch.cumprod(1 - betas, 0)

    def apply_model(self, x, t, **kwargs):
        return torch.tanh(x * 0.7 + t.view(-1, 1, 1, 1) / 1000 - 0.3)


def levels(wrapped, sampler, count):
    if sampler.endswith("karras"):
        return sampling.get_sigmas_karras(count, wrapped.sigmas[0].item(), wrapped.sigmas[-1].item())
    return wrapped.get_sigmas(count)


def main():
    wrapped = external.CompVisDenoiser(Model(), quantize=False)
    schedules, tensors = [], {}
    for sampler in SAMPLERS:
        for count in (1, 2, 3, 7, 20, 50, 100):
            sigmas = levels(wrapped, sampler, count)
            timesteps = wrapped.sigma_to_t(sigmas[:-1])
            schedules.append(
                dict(sampler=sampler, count=count, sigmas=[float(s) for s in sigmas], timesteps=[float(t) for t in timesteps])
            )
        # From nothing, and from a clean latent at strength 0.6: one noise, then what the sampler draws, on one generator.
        for name, strength in (("paint", None), ("redraw", 0.6)):
            count = 8
            generator = torch.Generator().manual_seed(77)
            clean = torch.randn(1, 2, 3, 4, generator=torch.Generator().manual_seed(5))
            noise = torch.randn(1, 2, 3, 4, generator=generator)
            sigmas = levels(wrapped, sampler, count)
            if strength is None:
                latent = noise * sigmas[0]
            else:
                encoded = int(min(strength, 0.999) * count)
                sigmas = sigmas[count - encoded - 1 :]
                latent = clean + noise * sigmas[0]
            options = {}
            if sampler == "euler-a":
                options["noise_sampler"] = lambda a, b: torch.randn(1, 2, 3, 4, generator=generator)
            run = getattr(sampling, FUNCTIONS[sampler.removesuffix("-karras")])
            tensors[f"{sampler}.{name}"] = run(wrapped, latent, sigmas, disable=True, **options).contiguous()
    save_file(tensors, HERE / "webui.safetensors")
    (HERE / "webui.json").write_text(json.dumps(schedules, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
