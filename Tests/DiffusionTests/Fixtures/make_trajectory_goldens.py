"""What diffusers' TCDScheduler says, and walks along training steps that are told one by one: steps, walks over given answers, whole pipelines.

    python make_trajectory_goldens.py

Writes trajectory.json and trajectory.safetensors beside itself. Made with diffusers 0.42.1.
"""

import json

import torch
from diffusers import LCMScheduler, TCDScheduler
from make_goldens import last, tiny_autoencoder, tiny_unet
from make_sampler_goldens import BETAS, HERE
from safetensors.torch import save_file
from tiny_pipelines import TinyPipelines

CLASSES = {"lcm": LCMScheduler, "tcd": TCDScheduler}
ONE_STEP, FOUR_STEPS = [399], [999, 749, 499, 249]


def scheduler(sampler, betas="scaled", **options):
    return CLASSES[sampler](set_alpha_to_one=False, steps_offset=1, **BETAS[betas], **options)


def timesteps():
    """Of every number of steps, and of some over a part of the schedule."""
    made, rows = scheduler("tcd"), []
    for count in range(1, 51):
        made.set_timesteps(count)
        rows.append([count, 1.0, made.timesteps.tolist()])
    for count, strength in ((1, 0.05), (3, 0.29), (4, 0.5), (4, 0.6), (8, 0.75), (20, 0.5)):
        made.set_timesteps(count, strength=strength)
        rows.append([count, strength, made.timesteps.tolist()])
    return rows


def walk(made, count, start, eta):
    """The latent after every pass, as make_sampler_goldens.py draws its parts: shape [1, 2, 3, 4]."""
    generator = torch.Generator().manual_seed(count)
    clean, noise, *answers = torch.randn(2 + count, 1, 2, 3, 4, generator=generator)
    made.set_begin_index(start)
    latent = made.add_noise(clean, noise, made.timesteps[start : start + 1])
    rows, draws = [latent], torch.Generator().manual_seed(1000 + count)
    more = {} if eta is None else {"eta": eta}
    for index in range(start, count):
        latent = made.step(answers[index], made.timesteps[index], latent, return_dict=False, generator=draws, **more)[0]
        rows.append(latent)
    return torch.cat(rows).contiguous()


def walks():
    tensors, listed = {}, []

    def add(made, **case):
        tensors[f"walk.{len(listed)}"] = walk(made, case["count"], case["start"], case["eta"])
        listed.append(case)

    for betas, predictions in (("scaled", ("epsilon", "v_prediction", "sample")), ("rescaled", ("v_prediction",))):
        for prediction in predictions:
            for eta in (0.0, 0.3, 1.0):
                for count in (1, 2, 4, 9):
                    made = scheduler("tcd", betas, prediction_type=prediction)
                    made.set_timesteps(count)
                    start = 0 if betas == "rescaled" else count // 3
                    add(made, sampler="tcd", betas=betas, prediction=prediction, count=count, start=start, eta=eta, told=None)
    for sampler, eta in (("lcm", None), ("tcd", 0.3)):
        for told in (ONE_STEP, FOUR_STEPS, [800, 1]):
            made = scheduler(sampler)
            made.set_timesteps(timesteps=told)
            start = len(told) // 2 if len(told) > 2 else 0
            add(made, sampler=sampler, betas="scaled", prediction="epsilon", count=len(told), start=start, eta=eta, told=told)
    return tensors, listed


@torch.no_grad()
def loops():
    """diffusers' own pipelines with the tiny model of make_goldens.py: latents after all steps."""
    tiny = TinyPipelines(tiny_unet(), tiny_autoencoder())
    cases = [
        # mode, sampler, strength, steps, guidance, eta, told
        ("paint", "tcd", 1.0, 4, 1.0, 0.3, None), ("paint", "tcd", 1.0, 1, 1.0, 1.0, None), ("paint", "tcd", 1.0, 6, 4.0, 0.0, None),
        ("generate", "tcd", 0.6, 8, 1.0, 0.3, None), ("generate", "tcd", 0.75, 20, 4.0, 0.8, None),
        ("repaint", "tcd", 0.75, 8, 1.0, 0.3, None), ("repaint", "tcd", 1.0, 4, 1.0, 0.5, None),
        ("paint", "lcm", 1.0, 1, 1.0, None, ONE_STEP), ("paint", "lcm", 1.0, 4, 1.0, None, FOUR_STEPS),
        ("generate", "lcm", 0.5, 4, 1.0, None, FOUR_STEPS), ("paint", "tcd", 1.0, 4, 1.0, 0.3, FOUR_STEPS),
    ]
    tensors, listed = {}, []
    for index, (mode, sampler, strength, count, guidance, eta, told) in enumerate(cases):
        options = tiny.options(mode, strength, count, guidance)
        if eta is not None:
            options["eta"] = eta
        if told is not None:
            options["timesteps"] = told
        latent = tiny.pipeline(mode, scheduler(sampler))(
            **options, generator=torch.Generator().manual_seed(300 + index), output_type="latent").images
        tensors[f"run.{index}"] = last(latent)
        listed.append(
            dict(mode=mode, sampler=sampler, strength=strength, steps=count, guidance=guidance, eta=eta, told=told, seed=300 + index))
    return tensors, listed


if __name__ == "__main__":
    walked, walk_cases = walks()
    run, run_cases = loops()
    save_file({**walked, **run}, HERE / "trajectory.safetensors")
    told = {"timesteps": timesteps(), "walks": walk_cases, "runs": run_cases}
    (HERE / "trajectory.json").write_text(json.dumps(told, separators=(",", ":")) + "\n")
