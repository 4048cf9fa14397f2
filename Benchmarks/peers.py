"""One peer at one network, in a process of its own: python peers.py torch|openvino|onnxruntime f32|bf16|int8 GROUP FOLDER [--passes N] [--first]

Called by bench_all.py. GROUP is a network in FOLDER: sd15, lcm, or an encoder or a tagger of encoder_models.py. Prints {row: [seconds of each pass]} as JSON,
the first pass of each left out. With no passes the outputs are kept in FOLDER/GROUP-PROGRAM.npz instead; with --first it looks at one
picture, or makes one of one, and ends. What is exported for OpenVINO and onnxruntime is kept in FOLDER.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

import bench_all
import encoder_models as encoders

SIDE = 64


class Networks:
    """What a folder holds, as each peer runs it: `open(name)` gives a function of one array."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.open = {"torch": self.torch, "openvino": self.openvino, "onnxruntime": self.onnx}[options.kind]

    def onnx(self, name):
        import onnxruntime

        path = self.exported(name)
        if self.options.numbers == "int8":
            whole, path = path, self.folder / f"{name}-int8.onnx"
            if not path.exists():
                from onnxruntime.quantization import QuantType, quantize_dynamic

                quantize_dynamic(whole, path, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"])
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = self.options.threads
        session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
        return lambda value: session.run(None, {"value": value})[0]

    def openvino(self, name):
        return opened_with_openvino(self.exported(name), self.options)


class Towers(Networks):
    """An encoder's towers: `look(pixels)` and `read(tokens)`."""

    def exported(self, name):
        """A tower as ONNX, for both that read it."""
        path = self.folder / f"{name}.onnx"
        if not path.exists():
            import torch
            from transformers import CLIPModel

            model = CLIPModel.from_pretrained(self.folder, dtype=torch.float32, attn_implementation="eager").eval().requires_grad_(False)

            class Tower(torch.nn.Module):
                def __init__(self):
                    super().__init__()
                    self.model = model

                def forward(self, value):
                    if name == "vision":
                        return self.model.visual_projection(self.model.vision_model(pixel_values=value).pooler_output)
                    return self.model.text_projection(self.model.text_model(input_ids=value).pooler_output)

            side = model.config.vision_config.image_size
            example = torch.zeros(2, 3, side, side) if name == "vision" else torch.full((2, 12), 49407)
            axes = {0: "batch"} if name == "vision" else {0: "batch", 1: "tokens"}
            with torch.no_grad():
                torch.onnx.export(
                    Tower(), (example,), str(path), input_names=["value"], output_names=["features"], dynamic_axes={"value": axes}, dynamo=False)
        return path

    def torch(self, name):
        import torch
        from transformers import CLIPModel

        torch.set_grad_enabled(False)
        numbers = {"f32": torch.float32, "bf16": torch.bfloat16}[self.options.numbers]
        model = CLIPModel.from_pretrained(self.folder, dtype=numbers).eval()

        def run(value):
            if name == "vision":
                found = model.visual_projection(model.vision_model(pixel_values=torch.from_numpy(value).to(numbers)).pooler_output)
            else:
                found = model.text_projection(model.text_model(input_ids=torch.from_numpy(value)).pooler_output)
            return found.float().numpy()

        return run


class Tagger(Networks):
    """A WD tagger: probabilities of a prepared picture."""

    def model(self):
        import timm
        import torch
        from safetensors.torch import load_file

        torch.set_grad_enabled(False)
        architecture, arguments = encoders.TAGGERS[self.options.group]
        model = timm.create_model(architecture, num_classes=10861, **arguments).eval()
        model.load_state_dict({key: value.float() for key, value in load_file(self.folder / "model.safetensors").items()})
        return torch.nn.Sequential(model, torch.nn.Sigmoid())

    def exported(self, name):
        path = self.folder / f"{name}.onnx"
        if not path.exists():
            import torch

            torch.onnx.export(
                self.model(), (torch.zeros(1, 3, 448, 448),), str(path), input_names=["value"], output_names=["labels"], dynamo=False)
        return path

    def torch(self, name):
        import torch

        numbers = {"f32": torch.float32, "bf16": torch.bfloat16}[self.options.numbers]
        model = self.model().to(numbers)
        return lambda value: model(torch.from_numpy(value).to(numbers)).float().numpy()


def opened_with_openvino(path, options):
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": options.numbers, "INFERENCE_NUM_THREADS": options.threads, "PERFORMANCE_HINT": "LATENCY"}
    model = core.compile_model(core.read_model(path), "CPU", settings)
    return lambda *values: model(list(values))[0]


def prepared(picture, side):
    """A picture as CLIP takes it, with Pillow and numpy alone: what a program without transformers would do."""
    from PIL import Image

    image = Image.open(picture).convert("RGB")
    short = min(image.size)
    width, height = (side if length == short else int(side * length / short) for length in image.size)
    left, top = (width - side) // 2, (height - side) // 2
    image = image.resize((width, height), Image.Resampling.BICUBIC).crop((left, top, left + side, top + side))
    mean, deviation = (np.array(values, np.float32) for values in ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)))
    return np.ascontiguousarray(((np.asarray(image, np.float32) / 255 - mean) / deviation).transpose(2, 0, 1)[None])


def squared(picture):
    """A picture as WD's taggers take it: on a white square, blue first."""
    from PIL import Image

    image = Image.open(picture).convert("RGB")
    side = max(image.size)
    square = Image.new("RGB", (side, side), (255, 255, 255))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    values = np.asarray(square.resize((448, 448), Image.Resampling.BICUBIC), np.float32)[..., ::-1] / 127.5 - 1
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def tagger_work(options):
    look = Tagger(options, options.folder / options.group).open("tagger")
    pixels = squared(options.folder / "picture.png")
    if options.first:
        look(pixels)
        return None
    return {bench_all.TAGGERS[options.group][0]: lambda: look(pixels)}


def encoder_work(options):
    folder = options.folder / options.group
    towers = Towers(options, folder)
    look = towers.open("vision")
    side = json.loads((folder / "config.json").read_text())["vision_config"]["image_size"]
    pixels = prepared(options.folder / "picture.png", side)
    if options.first:
        look(pixels)
        return None
    tokens_file = folder / "tokens.npy"
    if not tokens_file.exists():
        made = encoders.clip_tokenizer()(bench_all.texts(64), padding=True, truncation=True, max_length=77, return_tensors="np")["input_ids"]
        np.save(tokens_file, made.astype(np.int64))
    tokens = np.load(tokens_file)
    read = towers.open("text")
    many = np.repeat(pixels, 16, axis=0)
    return dict(zip(bench_all.TOWERS, (lambda: look(pixels), lambda: look(many), lambda: read(tokens))))


def generator_inputs():
    draw = np.random.default_rng(5)
    latent = draw.standard_normal((2, 4, SIDE, SIDE), dtype=np.float32)
    return latent, draw.standard_normal((2, 77, 768), dtype=np.float32), draw.standard_normal((1, 4, SIDE, SIDE), dtype=np.float32)


def generator_work(options):
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
    return dict(zip(bench_all.GENERATORS[options.group], (lambda: step(latent, moment, text), lambda: decode(small))))


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
    words = dict(prompt=bench_all.WORDING, negative_prompt="blurry")
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
            prompt=bench_all.WORDING, image=given, strength=strength, num_inference_steps=steps, guidance_scale=guidance, generator=random).images[0]
    else:
        tokens = pipeline.tokenizer(bench_all.WORDING, padding="max_length", max_length=77, return_tensors="pt").input_ids
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=["torch", "openvino", "onnxruntime"])
    parser.add_argument("numbers", choices=["f32", "bf16", "int8"])
    parser.add_argument("group")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--first", action="store_true")
    options = parser.parse_args()
    if options.kind == "torch":
        import torch

        torch.set_num_threads(options.threads)
    if options.group in bench_all.FEW_STEPS:
        few_steps(options)
        return print("{}")
    kinds = ((bench_all.GENERATORS, generator_work), (bench_all.TAGGERS, tagger_work))
    works = next((work for groups, work in kinds if options.group in groups), encoder_work)(options)
    if works is None:
        return print("{}")
    if options.passes == 0:
        names = list(works)
        second = works[names[-1]]()
        first = works[names[0]]()
        if options.group in bench_all.GENERATORS:
            second = picture(second)
        np.savez(options.folder / f"{options.group}-{options.kind}-{options.numbers}.npz", first=first, second=second)
        return print("{}")
    times = {}
    for row, work in works.items():
        work()
        times[row] = []
        for _ in range(options.passes):
            begin = time.monotonic()
            work()
            times[row].append(time.monotonic() - begin)
    print(json.dumps(times))


if __name__ == "__main__":
    main()
