"""What peers.py runs of generators: a step, a decode and whole pictures with torch and OpenVINO."""

import json

import numpy as np

import bench_works as works

SIDE = 64


def opened_with_openvino(path, options):
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": options.numbers, "INFERENCE_NUM_THREADS": options.threads, "PERFORMANCE_HINT": "LATENCY"}
    model = core.compile_model(core.read_model(path), "CPU", settings)
    return lambda *values: model(list(values))[0]


def generator_inputs():
    draw = np.random.default_rng(5)
    latent = draw.standard_normal((2, 4, SIDE, SIDE), dtype=np.float32)
    return latent, draw.standard_normal((2, 77, 768), dtype=np.float32), draw.standard_normal((1, 4, SIDE, SIDE), dtype=np.float32)


def work(options):
    folder = options.folder / options.group
    latent, text, small = generator_inputs()
    if options.first:
        whole_picture(folder, options)
        return None
    if options.kind == "torch":
        step, decode = torch_generator(folder, options.numbers)
    else:
        converted(folder, "encoder")
        step, decode = (opened_with_openvino(converted(folder, part), options) for part in ("unet", "vae"))
    moment = np.array([500.0], np.float32)
    return dict(zip(works.GENERATORS[options.group], (lambda: step(latent, moment, text), lambda: decode(small))))


def whole_picture(folder, options):
    """A picture from a picture, as a program without a server makes it: the model is loaded, twelve of twenty steps run, the file written."""
    import torch
    from diffusers import StableDiffusionImg2ImgPipeline
    from PIL import Image

    torch.set_grad_enabled(False)
    numbers = torch.bfloat16 if options.kind == "torch" and options.numbers == "bf16" else torch.float32
    parts = {"unet": None, "vae": None} if options.kind == "openvino" else {}
    pipeline = StableDiffusionImg2ImgPipeline.from_pretrained(folder, torch_dtype=numbers, safety_checker=None, **parts)
    pipeline.set_progress_bar_config(disable=True)
    given = Image.open(options.folder / "picture.png").convert("RGB").resize((512, 512), Image.Resampling.LANCZOS)
    words = dict(prompt=works.WORDING, negative_prompt="blurry")
    if options.kind == "torch":
        pipeline.unet.to(memory_format=torch.channels_last)
        pipeline.vae.to(memory_format=torch.channels_last)
        made = pipeline(
            **words, image=given, strength=0.6, num_inference_steps=20, guidance_scale=7.5, generator=torch.Generator().manual_seed(1)).images[0]
    else:
        texts = torch.cat(
            [pipeline.text_encoder(pipeline.tokenizer(text, padding="max_length", max_length=77, return_tensors="pt").input_ids)[0]
             for text in (words["negative_prompt"], words["prompt"])]).numpy()
        pixels = np.asarray(given, np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
        factor = json.loads((folder / "vae" / "config.json").read_text()).get("scaling_factor", 0.18215)
        latent = torch.from_numpy(opened_with_openvino(converted(folder, "encoder"), options)(pixels)) * factor
        scheduler = pipeline.scheduler
        scheduler.set_timesteps(20)
        steps = scheduler.timesteps[8:]
        noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(1))
        latent = scheduler.add_noise(latent, noise, steps[:1])
        step = opened_with_openvino(converted(folder, "unet"), options)
        for moment in steps:
            input = scheduler.scale_model_input(torch.cat([latent, latent]), moment).numpy()
            without, told = torch.from_numpy(step(input, np.array([float(moment)], np.float32), texts)).chunk(2)
            latent = scheduler.step(without + 7.5 * (told - without), moment, latent).prev_sample
        values = opened_with_openvino(converted(folder, "vae"), options)((latent / factor).numpy())
        made = Image.fromarray(picture(values)[0].transpose(1, 2, 0).astype(np.uint8))
    made.save(whole_place(options))


def painted(options):
    """The picture of a few guided steps that Redraw's is compared with: the same seed gives both the same noise."""
    import torch
    from diffusers import StableDiffusionPipeline

    torch.set_grad_enabled(False)
    pipeline = StableDiffusionPipeline.from_pretrained(options.folder / options.group, torch_dtype=torch.float32, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    made = pipeline(
        works.WORDING, negative_prompt="blurry", num_inference_steps=works.PAINTED_STEPS, guidance_scale=7.5, width=8 * SIDE, height=8 * SIDE,
        generator=torch.Generator().manual_seed(1))
    made.images[0].save(options.folder / f"{options.group}-torch-f32-painted.png")


def whole_place(options):
    return options.folder / f"{options.group}-{options.kind}-{options.numbers}-whole.png"


def few_steps(options):
    """A picture from a picture by a latent consistency model and a tiny autoencoder, from the loading to the file."""
    import torch
    from diffusers import AutoencoderTiny, LatentConsistencyModelImg2ImgPipeline
    from PIL import Image

    torch.set_grad_enabled(False)
    folder, guidance, steps, strength = options.folder / options.group, 8.5, 4, 0.6
    numbers = torch.bfloat16 if options.kind == "torch" and options.numbers == "bf16" else torch.float32
    with_torch = options.kind == "torch"
    parts = {"vae": AutoencoderTiny.from_pretrained(folder, subfolder="taesd", torch_dtype=numbers)} if with_torch else {"unet": None, "vae": None}
    pipeline = LatentConsistencyModelImg2ImgPipeline.from_pretrained(folder, torch_dtype=numbers, safety_checker=None, **parts)
    pipeline.set_progress_bar_config(disable=True)
    given = Image.open(options.folder / "picture.png").convert("RGB").resize((512, 512), Image.Resampling.LANCZOS)
    random = torch.Generator().manual_seed(1)
    if with_torch:
        pipeline.unet.to(memory_format=torch.channels_last)
        pipeline.vae.to(memory_format=torch.channels_last)
        made = pipeline(
            prompt=works.WORDING, image=given, strength=strength, num_inference_steps=steps, guidance_scale=guidance, generator=random).images[0]
    else:
        tokens = pipeline.tokenizer(works.WORDING, padding="max_length", max_length=77, return_tensors="pt").input_ids
        text = pipeline.text_encoder(tokens)[0].numpy()
        told = pipeline.get_guidance_scale_embedding(torch.tensor([guidance - 1]), embedding_dim=256).numpy()
        pixels = np.asarray(given, np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
        latent = torch.from_numpy(opened_with_openvino(converted_few(folder, "encoder"), options)(pixels))
        scheduler = pipeline.scheduler
        scheduler.set_timesteps(steps, original_inference_steps=50, strength=strength)
        latent = scheduler.add_noise(latent, torch.randn(latent.shape, generator=random), scheduler.timesteps[:1])
        step = opened_with_openvino(converted_few(folder, "unet"), options)
        for moment in scheduler.timesteps:
            answer = torch.from_numpy(step(latent.numpy(), np.array([float(moment)], np.float32), text, told))
            latent, clean = scheduler.step(answer, moment, latent, generator=random, return_dict=False)
        values = opened_with_openvino(converted_few(folder, "decoder"), options)(clean.numpy())
        made = Image.fromarray(picture(values)[0].transpose(1, 2, 0).astype(np.uint8))
    made.save(whole_place(options))


def converted_few(folder, part):
    """A part of the latent consistency model for OpenVINO, made once."""
    path = folder / f"openvino-{part}.xml"
    if path.exists():
        return path
    import openvino
    import torch
    from diffusers import AutoencoderTiny, UNet2DConditionModel

    torch.set_grad_enabled(False)

    class Part(torch.nn.Module):
        def __init__(self, module, call):
            super().__init__()
            self.module, self.call = module, call

        def forward(self, *values):
            return self.call(self.module, *values)

    if part == "unet":
        module = UNet2DConditionModel.from_pretrained(folder, subfolder="unet").eval()
        example = (torch.zeros(1, 4, SIDE, SIDE), torch.tensor([500.0]), torch.zeros(1, 77, 768), torch.zeros(1, 256))
        wrapped = Part(module, lambda unet, latent, moment, text, told: unet(latent, moment, text, timestep_cond=told).sample)
    else:
        module = AutoencoderTiny.from_pretrained(folder, subfolder="taesd").eval()
        encodes = part == "encoder"
        example = (torch.zeros(1, 3, 8 * SIDE, 8 * SIDE) if encodes else torch.zeros(1, 4, SIDE, SIDE),)
        wrapped = Part(module, (lambda tiny, values: tiny.encode(values).latents) if encodes else (lambda tiny, values: tiny.decode(values).sample))
    model = openvino.convert_model(wrapped, example_input=example, input=[tuple(one.shape) for one in example])
    openvino.save_model(model, path, compress_to_fp16=True)
    return path


def torch_modules(folder, numbers):
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel

    torch.set_grad_enabled(False)
    unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet", torch_dtype=numbers).eval()
    return unet, AutoencoderKL.from_pretrained(folder, subfolder="vae", torch_dtype=numbers).eval()


def torch_generator(folder, name):
    import torch

    numbers = {"f32": torch.float32, "bf16": torch.bfloat16}[name]
    unet, autoencoder = (module.to(memory_format=torch.channels_last) for module in torch_modules(folder, numbers))

    def step(latent, moment, text):
        latent = torch.from_numpy(latent).to(numbers).to(memory_format=torch.channels_last)
        return unet(latent, float(moment[0]), torch.from_numpy(text).to(numbers)).sample.float().numpy()

    def decode(small):
        return autoencoder.decode(torch.from_numpy(small).to(numbers).to(memory_format=torch.channels_last)).sample.float().numpy()

    return step, decode


def converted(folder, part):
    """A part of the model for OpenVINO, made once."""
    path = folder / f"openvino-{part}.xml"
    if not path.exists():
        import openvino
        import torch

        unet, autoencoder = torch_modules(folder, torch.float32)

        class Step(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.part = unet

            def forward(self, latent, moment, text):
                return self.part(latent, moment, text).sample

        class Decoding(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.part = autoencoder

            def forward(self, small):
                return self.part.decode(small).sample

        class Encoding(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.part = autoencoder

            def forward(self, pixels):
                return self.part.encode(pixels).latent_dist.mean

        latent, text, small = (torch.from_numpy(one) for one in generator_inputs())
        module, example = {
            "unet": lambda: (Step(), (latent, torch.tensor([500.0]), text)),
            "vae": lambda: (Decoding(), (small,)),
            "encoder": lambda: (Encoding(), (torch.zeros(1, 3, 8 * SIDE, 8 * SIDE),)),
        }[part]()
        model = openvino.convert_model(module, example_input=example, input=[tuple(one.shape) for one in example])
        openvino.save_model(model, path, compress_to_fp16=True)
    return path


def picture(values):
    return (np.clip(values / 2 + 0.5, 0, 1) * 255).round()
