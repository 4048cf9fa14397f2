"""Encoder folders of the real sizes with random weights, as the hub would serve them, and what their libraries make of pictures and texts.

Shared by parity_encoders.py and bench_all.py.
"""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MERGES = ROOT / "Models/clip-tokenizer/bpe_simple_vocab_16e6.txt"
FIXTURES = ROOT / "Tests/EncodersTests/Fixtures"
TEXTS = ["a photo of a cat", "two dogs running on the beach, oil painting", "CAFÉ, 日本 😀 and a rather long sentence about nothing in particular"]

CLIP = {  # hidden, inner, layers, heads of both towers; patch, side, projection, activation
    "clip-vit-b-32": ((512, 2048, 12, 8), (768, 3072, 12, 12), 32, 224, 512, "quick_gelu"),
    "clip-vit-b-16": ((512, 2048, 12, 8), (768, 3072, 12, 12), 16, 224, 512, "quick_gelu"),
    "clip-vit-l-14": ((768, 3072, 12, 12), (1024, 4096, 24, 16), 14, 224, 768, "quick_gelu"),
    "clip-vit-l-14-336": ((768, 3072, 12, 12), (1024, 4096, 24, 16), 14, 336, 768, "quick_gelu"),
    "clip-vit-h-14": ((1024, 4096, 24, 16), (1280, 5120, 32, 16), 14, 224, 1024, "gelu"),
    "clip-vit-bigg-14": ((1280, 5120, 32, 20), (1664, 8192, 48, 16), 14, 224, 1280, "gelu"),
}
OPEN_CLIP = {
    "open-clip-vit-b-32": "ViT-B-32", "open-clip-vit-l-14": "ViT-L-14", "open-clip-vit-h-14": "ViT-H-14",
    "open-clip-rn50": "RN50", "open-clip-rn50x4": "RN50x4",
}
SIGLIP = {  # hidden, inner, layers, heads of both towers; patch, side, vocabulary
    "siglip-base-patch16-224": ((768, 3072, 12, 12), 16, 224, 32000), "siglip-large-patch16-256": ((1024, 4096, 24, 16), 16, 256, 32000),
    "siglip2-base-patch16-224": ((768, 3072, 12, 12), 16, 224, 256000),
}
TAGGERS = {
    "wd-vit-tagger-v3": ("vit_base_patch16_224", dict(img_size=448, class_token=False, global_pool="avg", fc_norm=False, act_layer="gelu_tanh")),
    "wd-convnext-tagger-v3": ("convnext_base", dict(act_layer="gelu_tanh")),
    "wd-swinv2-tagger-v3": ("swinv2_base_window8_256", dict(act_layer="gelu", img_size=448, window_size=14)),
    "wd-eva02-large-tagger-v3": ("eva02_large_patch14_448", dict(img_size=448)),
}
# Gigabytes of memory that making one and looking with it takes, where it is more than most machines have to spare.
MEMORY = {"clip-vit-h-14": 7, "clip-vit-bigg-14": 16, "open-clip-vit-h-14": 8}
EVERY = [*CLIP, *OPEN_CLIP, *SIGLIP, *TAGGERS]


def clip_tokenizer():
    from transformers import CLIPTokenizer

    order = [b for b in range(256) if 0x21 <= b <= 0x7E or 0xA1 <= b <= 0xAC or 0xAE <= b <= 0xFF]
    visible = [chr(b) for b in order] + [chr(256 + i) for i in range(256 - len(order))]
    merges = MERGES.read_text(encoding="utf-8").split("\n")[1:48895]
    tokens = visible + [v + "</w>" for v in visible] + ["".join(m.split()) for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={token: number for number, token in enumerate(tokens)}, merges=[tuple(m.split()) for m in merges])


def vary(model):
    """Norms and biases start at 1 and 0, where a mistake in them would not show."""
    import torch

    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1 and "scale" not in name:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
        for name, buffer in model.named_buffers():
            if name.endswith("running_var"):
                buffer.add_(torch.rand(buffer.shape, generator=generator))


def make_clip(name, folder, dtype):
    import torch
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    text, vision, patch, side, projection, activation = CLIP[name]
    keys = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    common = dict(hidden_act=activation, projection_dim=projection)
    config = CLIPConfig(
        text_config=dict(zip(keys, text), eos_token_id=49407, bos_token_id=49406, **common),
        vision_config=dict(zip(keys, vision), patch_size=patch, image_size=side, **common), projection_dim=projection)
    torch.manual_seed(1)
    model = CLIPModel(config).eval()
    vary(model)
    model.to(dtype).save_pretrained(folder, max_shard_size="1GB")
    clip_tokenizer().save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size={"height": side, "width": side}).save_pretrained(folder)


def make_open_clip(name, folder, dtype):
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(1)
    model = open_clip.create_model(OPEN_CLIP[name]).eval()
    vary(model)
    config = open_clip.get_model_config(OPEN_CLIP[name])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    state = {key: (value.to(dtype) if value.is_floating_point() else value).contiguous() for key, value in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    clip_tokenizer().save_pretrained(folder)


def make_siglip(name, folder, dtype):
    import shutil

    import torch
    from transformers import SiglipConfig, SiglipModel
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    shape, patch, side, vocabulary = SIGLIP[name]
    keys = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    tower = dict(zip(keys, shape))
    config = SiglipConfig(
        text_config=dict(tower, vocab_size=vocabulary, projection_size=shape[0], bos_token_id=0, eos_token_id=1, pad_token_id=1),
        vision_config=dict(tower, patch_size=patch, image_size=side))
    torch.manual_seed(1)
    model = SiglipModel(config).eval()
    vary(model)
    model.to(dtype).save_pretrained(folder, max_shard_size="1GB")
    # The real vocabularies are not free to copy here; the towers do not mind which rows they look up.
    source = "siglip2/tokenizer.json" if "siglip2" in name else "siglip/spiece.model"
    shutil.copy(FIXTURES / source, folder / Path(source).name)
    SiglipImageProcessorPil(size={"height": side, "width": side}, resample=2 if "siglip2" in name else 3).save_pretrained(folder)


def make_tagger(name, folder, dtype):
    import timm
    import torch
    from safetensors.torch import save_file

    architecture, arguments = TAGGERS[name]
    torch.manual_seed(1)
    labels = 10861
    model = timm.create_model(architecture, num_classes=labels, **arguments).eval()
    vary(model)
    if "eva02" in name:  # its head begins so small that every label would be as likely as not
        with torch.no_grad():
            model.head.weight.mul_(1000)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: value.to(dtype).contiguous() for key, value in model.state_dict().items()}, folder / "model.safetensors")
    cfg = {"input_size": [3, 448, 448], "interpolation": "bicubic", "crop_pct": 1.0, "mean": [0.5] * 3, "std": [0.5] * 3}
    (folder / "config.json").write_text(
        json.dumps({"architecture": architecture, "num_classes": labels, "model_args": arguments, "pretrained_cfg": cfg}))
    rows = [f"{i},tag_{i},{9 if i < 4 else 0},{labels - i}" for i in range(labels)]
    (folder / "selected_tags.csv").write_text("\n".join(["tag_id,name,category,count", *rows]) + "\n")


def make(name, folder, dtype):
    for table, maker in ((CLIP, make_clip), (OPEN_CLIP, make_open_clip), (SIGLIP, make_siglip), (TAGGERS, make_tagger)):
        if name in table:
            return maker(name, folder, dtype)
    raise SystemExit(f"there is no encoder {name}; known are {', '.join(EVERY)}")


def reference(name, folder, images, texts):
    """(features of the pictures, of the texts or None) by the library that the folder is of, in f32."""
    import torch

    with torch.no_grad():
        if name in CLIP:
            from transformers import CLIPModel
            from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

            model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
            pixels = CLIPImageProcessorPil.from_pretrained(folder)(images, return_tensors="pt")["pixel_values"]
            tokens = clip_tokenizer()(texts, padding=True, truncation=True, max_length=77, return_tensors="pt")
            return model.get_image_features(pixel_values=pixels).pooler_output, model.get_text_features(**tokens).pooler_output
        if name in OPEN_CLIP:
            import open_clip
            from safetensors.torch import load_file

            model = open_clip.create_model(OPEN_CLIP[name]).eval()
            state = load_file(folder / "open_clip_model.safetensors")
            model.load_state_dict({key: value.float() if value.is_floating_point() else value for key, value in state.items()})
            transform = open_clip.image_transform(model.visual.image_size, is_train=False)
            rows = open_clip.get_tokenizer(OPEN_CLIP[name])(texts)
            return model.encode_image(torch.stack([transform(image) for image in images])), model.encode_text(rows)
        if name in SIGLIP:
            from transformers import PreTrainedTokenizerFast, SiglipModel, SiglipTokenizer
            from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

            model = SiglipModel.from_pretrained(folder, dtype=torch.float32).eval()
            pixels = SiglipImageProcessorPil.from_pretrained(folder)(images, return_tensors="pt")["pixel_values"]
            if "siglip2" in name:
                tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")
            else:
                tokenizer = SiglipTokenizer(str(folder / "spiece.model"))
            rows = tokenizer(texts, padding="max_length", truncation=True, max_length=64, return_tensors="pt")["input_ids"]
            return model.get_image_features(pixel_values=pixels).pooler_output, model.get_text_features(input_ids=rows).pooler_output
        import timm
        from PIL import Image
        from safetensors.torch import load_file
        from timm.data import create_transform

        architecture, arguments = TAGGERS[name]
        model = timm.create_model(architecture, num_classes=10861, **arguments).eval()
        model.load_state_dict({key: value.float() for key, value in load_file(folder / "model.safetensors").items()})
        transform = create_transform(input_size=(3, 448, 448), is_training=False, interpolation="bicubic", crop_pct=1.0, mean=(0.5,) * 3, std=(0.5,) * 3)
        squares = []
        for image in images:
            canvas = Image.new("RGB", (max(image.size),) * 2, (255, 255, 255))
            canvas.paste(image, ((canvas.width - image.width) // 2, (canvas.height - image.height) // 2))
            squares.append(transform(canvas))
        return torch.sigmoid(model(torch.stack(squares)[:, [2, 1, 0]])), None
