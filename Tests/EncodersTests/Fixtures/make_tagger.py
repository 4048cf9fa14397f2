"""Goldens of the WD v3 taggers from small random models of timm.

    python make_clip.py; python make_tagger.py        (needs torch, timm, safetensors, Pillow)
"""

import json

import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from timm.data import create_transform

from make_clip import HERE, fresh, pictures, scramble

NAMES = [
    ("general", 9), ("sensitive", 9), ("questionable", 9), ("explicit", 9), ("1girl", 0), ("long_hair", 0), ("^_^", 0), ("smile", 0), ("open_mouth", 0), ("|_|", 0),
    ("holding", 0), ("outdoors", 0), ("blue_sky", 0), ("dress", 0), ('quote"d,_name', 0), ("solo", 0), ("hatsune_miku", 4), ("saber_(fate)", 4), ("asuna_(sao)", 4),
    ("rem_(re:zero)", 4),
]
SIDE = 64
MODELS = {
    "tagger-vit": ("vit_base_patch16_224", dict(img_size=SIDE, patch_size=16, embed_dim=32, depth=2, num_heads=4, class_token=False, global_pool="avg", fc_norm=False, act_layer="gelu_tanh")),
    "tagger-convnext": ("convnext_base", dict(depths=[1, 1, 2, 1], dims=[8, 12, 16, 24], act_layer="gelu_tanh")),
    # Maps of 16, 8 and 4 tokens: windows that reach beyond the map, and in the last stage one that is as large as it.
    "tagger-swin": ("swinv2_base_window8_256", dict(img_size=SIDE, window_size=6, embed_dim=8, depths=[2, 2, 2], num_heads=[1, 2, 4], act_layer="gelu")),
    "tagger-eva": ("eva02_large_patch14_448", dict(img_size=SIDE, patch_size=16, embed_dim=32, depth=2, num_heads=4)),
}


def opaque(image):
    """White behind, as the taggers' authors have it."""
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGBA") if "transparency" in image.info else image.convert("RGB")
    if image.mode == "RGBA":
        canvas = Image.new("RGBA", image.size, (255, 255, 255))
        canvas.alpha_composite(image)
        image = canvas.convert("RGB")
    return image


def padded(image):
    """What they do before timm's transform: white behind, white around."""
    image = opaque(image)
    side = max(image.size)
    canvas = Image.new("RGB", (side, side), (255, 255, 255))
    canvas.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return canvas


def main():
    for folder_name, (architecture, arguments) in MODELS.items():
        torch.manual_seed(31)
        model = timm.create_model(architecture, num_classes=len(NAMES), **arguments).eval()
        scramble(model)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name.endswith("gamma"):
                    parameter.copy_(0.5 + torch.rand_like(parameter))
                # One beyond the limit of 100 among those that start at 10.
                if name == "layers.0.blocks.1.attn.logit_scale":
                    parameter.fill_(5)
                # Which pictures differ is to be seen in the labels.
                if folder_name == "tagger-eva" and name == "head.weight":
                    parameter.copy_(0.3 * torch.randn_like(parameter))
        folder = fresh(folder_name)
        state = {name: tensor.to(torch.float16).contiguous() for name, tensor in model.state_dict().items()}
        save_file(state, folder / "model.safetensors")
        model.load_state_dict({name: tensor.float() for name, tensor in state.items()})
        config = {
            "architecture": architecture, "num_classes": len(NAMES), "global_pool": "avg", "model_args": {**arguments},
            "pretrained_cfg": {"input_size": [3, SIDE, SIDE], "interpolation": "bicubic", "crop_pct": 1.0, "mean": [0.5] * 3, "std": [0.5] * 3}}
        (folder / "config.json").write_text(json.dumps(config, indent=2))
        lines = ["tag_id,name,category,count"]
        for number, (name, category) in enumerate(NAMES):
            quoted = '"' + name.replace('"', '""') + '"' if "," in name or '"' in name else name
            lines.append(f"{number + 1},{quoted},{category},{1000 - number}")
        (folder / "selected_tags.csv").write_text("\n".join(lines) + "\n")
        settings = dict(input_size=(3, SIDE, SIDE), is_training=False, interpolation="bicubic", crop_pct=1.0)
        transform = create_transform(**settings, mean=(0.5,) * 3, std=(0.5,) * 3)
        raw = create_transform(**settings, mean=(0,) * 3, std=(1,) * 3)
        expected = {}
        for name, image in pictures().items():
            expected[f"{name}.pixels"] = (raw(padded(image)) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()
        with torch.no_grad():
            inputs = torch.stack([transform(padded(image)) for image in pictures().values()])[:, [2, 1, 0]]
            expected["probabilities"] = torch.sigmoid(model(inputs))
        save_file(expected, folder / "expected.safetensors")


if __name__ == "__main__":
    main()
