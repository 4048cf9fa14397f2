"""Goldens of taggers in layouts of their own, from small random models: JoyTag (written here with torch's functions, by the names and rules of
its published files) and PixAI's (timm's EVA-02 and a linear head).

    python make_clip.py; python make_other_taggers.py        (needs torch, timm, safetensors, Pillow)
"""

import json

import timm
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

from make_clip import HERE, fresh, pictures
from make_tagger import NAMES, opaque, padded

LABELS = [name for name, _ in NAMES]
SIDE, PATCH, WIDTH, HEADS, INNER, BLOCKS = 64, 16, 32, 4, 64, 2
STEM = "conv:c=8;ln;relu;conv:c=12;bn;gelu;conv:c=16;ln;relu;conv:c=24;ln;relu;conv:c=32,s=1,k=1,p=0"
CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
generator = torch.Generator().manual_seed(41)


def draw(*shape, scale=0.3):
    return (torch.randn(shape, generator=generator) * scale).half().float()


def layer(state, name, *shape, scale=0.3):
    state[name + ".weight"], state[name + ".bias"] = draw(*shape, scale=scale), draw(shape[0], scale=0.1)


def norm(state, name, width):
    state[name + ".weight"], state[name + ".bias"] = 1 + draw(width, scale=0.2), draw(width, scale=0.2)


def joytag_state(stem, extra_rows):
    state, channels = {}, 3
    if stem is None:
        layer(state, "patch_embeddings", WIDTH, 3, PATCH, PATCH, scale=0.05)
        state["pos_embedding.embedding.weight"] = draw((SIDE // PATCH) ** 2, WIDTH)
        state["pos_embedding.position_ids"] = torch.arange((SIDE // PATCH) ** 2)
    for index, part in enumerate((stem or "").split(";") if stem else []):
        name = f"patch_embeddings.conv.{index}"
        if part.startswith("conv"):
            options = {"k": 3, **{key: int(value) for key, value in (option.split("=") for option in part[5:].split(","))}}
            layer(state, name, options["c"], channels, options["k"], options["k"])
            channels = options["c"]
        elif part == "ln":
            norm(state, name + ".norm", channels)
        elif part == "bn":
            norm(state, name, channels)
            state[name + ".running_mean"], state[name + ".running_var"] = draw(channels), 1 + draw(channels).abs()
            state[name + ".num_batches_tracked"] = torch.tensor(3)
    for index in range(BLOCKS):
        name = f"blocks.{index}"
        norm(state, name + ".norm1", WIDTH)
        layer(state, name + ".qkv_proj", 3 * WIDTH, WIDTH)
        layer(state, name + ".out_proj", WIDTH, WIDTH)
        state[name + ".skip_init1.skip"], state[name + ".skip_init2.skip"] = draw(WIDTH), draw(WIDTH)
        norm(state, name + ".norm2", WIDTH)
        layer(state, name + ".mlp.linear1", INNER, WIDTH)
        layer(state, name + ".mlp.linear2", WIDTH, INNER)
    norm(state, "norm", WIDTH)
    layer(state, "head", len(LABELS) + extra_rows, WIDTH)
    return state


def joytag(state, stem, x):
    def linear(name, x):
        return F.linear(x, state[name + ".weight"], state[name + ".bias"])

    def normed(name, x):
        return F.layer_norm(x, x.shape[-1:], state[name + ".weight"], state[name + ".bias"])

    if stem is None:
        x = F.conv2d(x, state["patch_embeddings.weight"], state["patch_embeddings.bias"], stride=PATCH)
        positions = state["pos_embedding.embedding.weight"]
    else:
        for index, part in enumerate(stem.split(";")):
            name = f"patch_embeddings.conv.{index}"
            if part.startswith("conv"):
                options = {"s": 2, "p": 1, **{key: int(value) for key, value in (option.split("=") for option in part[5:].split(","))}}
                x = F.conv2d(x, state[name + ".weight"], state[name + ".bias"], stride=options["s"], padding=options["p"])
            elif part == "ln":
                x = normed(name + ".norm", x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            elif part == "bn":
                x = F.batch_norm(x, state[name + ".running_mean"], state[name + ".running_var"], state[name + ".weight"], state[name + ".bias"])
            else:
                x = {"relu": F.relu, "gelu": F.gelu}[part](x)
        frequencies = 10000.0 ** -(torch.arange(WIDTH // 4) / (WIDTH // 4 - 1))
        rows, columns = (torch.arange(SIDE // PATCH).float()[:, None] * frequencies for _ in range(2))
        positions = torch.stack([
            torch.cat([columns[x_].sin(), columns[x_].cos(), rows[y_].sin(), rows[y_].cos()])
            for y_ in range(SIDE // PATCH) for x_ in range(SIDE // PATCH)])
    x = x.flatten(2).transpose(1, 2) + positions
    for index in range(BLOCKS):
        name = f"blocks.{index}"
        query, key, value = (
            part.unflatten(-1, (HEADS, WIDTH // HEADS)).transpose(1, 2)
            for part in linear(name + ".qkv_proj", normed(name + ".norm1", x)).split(WIDTH, dim=-1))
        seen = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        x = x + linear(name + ".out_proj", seen) * state[name + ".skip_init1.skip"]
        inner = F.gelu(linear(name + ".mlp.linear1", normed(name + ".norm2", x)))
        x = x + linear(name + ".mlp.linear2", inner) * state[name + ".skip_init2.skip"]
    return linear("head", normed("norm", x).mean(dim=1))[:, :len(LABELS)]


def as_tensor(image):
    return torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).reshape(image.height, image.width, 3)


def expected(prepare, mean, deviation, model):
    """The pixels a network sees of each picture, and what it says of them."""
    pixels = {name: as_tensor(prepare(image)) for name, image in pictures().items()}
    inputs = torch.stack(list(pixels.values())).permute(0, 3, 1, 2).float() / 255
    inputs = (inputs - torch.tensor(mean)[:, None, None]) / torch.tensor(deviation)[:, None, None]
    with torch.no_grad():
        return {**{f"{name}.pixels": tensor for name, tensor in pixels.items()}, "probabilities": model(inputs).sigmoid()}


def main():
    for folder_name, stem, extra_rows in (("tagger-joytag", STEM, 0), ("tagger-joytag-patches", None, 9)):
        state = joytag_state(stem, extra_rows)
        folder = fresh(folder_name)
        save_file({name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}, folder / "model.safetensors")
        state = {name: tensor.half().float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
        config = {
            "class": "ViT", "n_tags": len(LABELS), "image_size": SIDE, "num_blocks": BLOCKS, "patch_size": PATCH, "d_model": WIDTH,
            "mlp_dim": INNER, "num_heads": HEADS, "stochdepth_rate": 0.1, "use_sine": stem is not None, "loss_type": "focal2",
            "layerscale_init": None, "head_mean_after": False, "cnn_stem": stem, "patch_dropout": 0.0}
        (folder / "config.json").write_text(json.dumps(config, indent=2))
        (folder / "top_tags.txt").write_text("\n".join(LABELS) + "\n")
        found = expected(lambda image: padded(image).resize((SIDE, SIDE), Image.BICUBIC), *CLIP, lambda x: joytag(state, stem, x))
        save_file(found, folder / "expected.safetensors")

    # Four by four places, of which the folder tells nothing: its configuration is always that of one encoder.
    torch.manual_seed(43)
    side = 56
    encoder = timm.create_model("eva02_large_patch14_448", img_size=side, embed_dim=64, depth=2, num_heads=1, num_classes=0).eval()
    model = torch.nn.Sequential(encoder, torch.nn.Sequential()).eval()
    model[1].head = torch.nn.Sequential(torch.nn.Linear(64, len(LABELS)))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
            if name == "1.head.0.weight":
                parameter.copy_(0.3 * torch.randn_like(parameter))
    folder = fresh("tagger-pixai")
    state = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, folder / "model_v0.9.safetensors")
    model.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    tags = {"tag_map": {name: number for number, name in reversed(list(enumerate(LABELS)))}, "tag_split": {"gen_tag_count": 15, "character_tag_count": 5}}
    (folder / "tags_v0.9_13k.json").write_text(json.dumps(tags))
    found = expected(lambda image: opaque(image).resize((side, side), Image.BILINEAR), (0.5,) * 3, (0.5,) * 3, model)
    save_file(found, folder / "expected.safetensors")


if __name__ == "__main__":
    main()
