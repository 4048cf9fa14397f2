"""Goldens of open_clip's layout from a small random model.

    python make_clip.py; python make_open_clip.py        (needs torch, open_clip_torch, safetensors, Pillow)
"""

import json

import open_clip
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from safetensors.torch import save_file

from make_clip import HERE, TEXTS, fresh, pictures, scramble, write_tokenizer

MERGES = 200


TEXT = dict(context_length=77, vocab_size=512 + MERGES + 2, width=24, heads=2, layers=3)
MODELS = {
    "open-clip": (30, dict(image_size=30, layers=2, width=32, head_width=8, patch_size=10)),
    "open-clip-resnet": (64, dict(image_size=64, layers=[1, 2, 1, 1], width=4, head_width=16)),
}


def vary_norms(model):
    """Batch norms as if they had seen something, none of them 0."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.copy_(0.5 + torch.rand_like(module.weight))
                module.running_mean.normal_(std=0.3)
                module.running_var.copy_(0.5 + torch.rand_like(module.running_var))
        # What pictures differ in has to reach the end.
        if hasattr(model.visual, "attnpool"):
            for part in (model.visual.attnpool.q_proj, model.visual.attnpool.k_proj, model.visual.attnpool.v_proj):
                part.weight.mul_(5)


def make(name, side, vision):
    torch.manual_seed(11)
    model = open_clip.CLIP(20, open_clip.CLIPVisionCfg(**vision), open_clip.CLIPTextCfg(**TEXT)).eval()
    scramble(model)
    vary_norms(model)
    folder = fresh(name)
    config = {"model_cfg": {"embed_dim": 20, "vision_cfg": vision, "text_cfg": TEXT}, "preprocess_cfg": {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3]}}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2))
    state = {key: (value.to(torch.bfloat16) if value.is_floating_point() else value).contiguous() for key, value in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    model.load_state_dict({key: value.float() if value.is_floating_point() else value for key, value in state.items()})
    tokenizer = write_tokenizer(folder, MERGES)
    transform = image_transform_v2(PreprocessCfg(size=side, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3)), is_train=False)
    raw = image_transform_v2(PreprocessCfg(size=side, mean=(0, 0, 0), std=(1, 1, 1)), is_train=False)
    expected = {}
    for key, image in pictures().items():
        expected[f"{key}.pixels"] = (raw(image) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()
    rows = torch.zeros(len(TEXTS), 77, dtype=torch.long)
    for row, text in zip(rows, TEXTS):
        numbers = tokenizer(text, truncation=True, max_length=77)["input_ids"]
        row[: len(numbers)] = torch.tensor(numbers)
    with torch.no_grad():
        expected["images"] = model.encode_image(torch.stack([transform(image) for image in pictures().values()]))
        expected["texts"] = model.encode_text(rows)
    save_file({k: v.contiguous() for k, v in expected.items()}, folder / "expected.safetensors")


def main():
    for name, (side, vision) in MODELS.items():
        make(name, side, vision)


if __name__ == "__main__":
    main()
