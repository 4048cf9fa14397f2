"""Goldens of the CLIP family from small random models: transformers' tokenizer over the fuzzed corpus, text towers, whole models.

    python fuzz.py; python make_clip.py        (needs torch, transformers, safetensors, Pillow)
"""

import json
import shutil
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save_file
from tokenizers import Regex, normalizers
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

import fuzz

HERE = Path(__file__).parent
MERGES = HERE.parents[2] / "Models/clip-tokenizer/bpe_simple_vocab_16e6.txt"
NASTY = [
    "", " ", "a photo of a cat", "A Photo, of; a CAT!", "don't can't I'm you'll we've they're he'd it's", "'s 't 're", "!'s 've'll''d", "cat's dogs'",
    "1girl, solo, long_hair, :d, ^_^, >_<", "2024 12345", "<|startoftext|>a<|endoftext|>", "!<|STARTOFTEXT|>!!", "  a \t b \n c  ", "x" * 400, "word " * 200,
    "日本語のテキスト", "한국어", "😀😃", "café cafe\u0301", "İstanbul ΣΊΣΥΦΟΣ", "&amp; &lt;", "a\u00a0b\u3000c\u200bd", "\x00\x01\x1c\x85", "½ ³ Ⅷ ٣",
]


def vocabulary(merge_count=None):
    bytes_in_order = [b for b in range(256) if 0x21 <= b <= 0x7E or 0xA1 <= b <= 0xAC or 0xAE <= b <= 0xFF]
    visible = [chr(b) for b in bytes_in_order] + [chr(256 + i) for i in range(256 - len(bytes_in_order))]
    merges = MERGES.read_text(encoding="utf-8").split("\n")[1:48895][:merge_count]
    tokens = visible + [v + "</w>" for v in visible] + ["".join(m.split()) for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
    return {token: number for number, token in enumerate(tokens)}, merges


def write_tokenizer(folder, merge_count):
    vocab, merges = vocabulary(merge_count)
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
    return CLIPTokenizer(vocab=vocab, merges=[tuple(m.split()) for m in merges])


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def scramble(model):
    """Norms and biases start at 1 and 0, where a mistake in them would not show."""
    torch.manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias") or "norm" in name:
                parameter.add_(0.2 * torch.randn_like(parameter))
            elif name != "logit_scale":
                parameter.add_(0.05 * torch.randn_like(parameter))


def tokens():
    vocab, merges = vocabulary()
    tokenizer = CLIPTokenizer(vocab=vocab, merges=[tuple(m.split()) for m in merges])
    rows = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in fuzz.corpus()]
    cases = [[text, tokenizer(text, truncation=True, max_length=77)["input_ids"]] for text in NASTY]
    (HERE / "clip_tokens.json").write_text(json.dumps({"cases": cases, **fuzz.golden(rows)}, separators=(",", ":")))


def ranges(numbers):
    result = []
    for number in numbers:
        if result and result[-1][1] == number - 1:
            result[-1][1] = number
        else:
            result.append([number, number])
    return result


def characters():
    """How the tokenizers library sorts every character, and what it makes of the capital ones."""
    patterns = {"letter": r"\p{L}", "number": r"\p{N}", "space": r"\s"}
    kinds = {}
    every = [n for n in range(1, 0x110000) if not 0xD800 <= n < 0xE000 and n != 0x23]
    for kind, pattern in patterns.items():
        replace = normalizers.Replace(Regex(pattern), "#")
        kinds[kind] = ranges([n for n in every if replace.normalize_str(chr(n)) == "#"])
    lower = normalizers.Lowercase()
    kinds["lower"] = [[n, [ord(c) for c in lower.normalize_str(chr(n))]] for n in every if lower.normalize_str(chr(n)) != chr(n)]
    (HERE / "clip_unicode.json").write_text(json.dumps(kinds, separators=(",", ":")))


def text_tower():
    """A text encoder with projection, GELU and a real end token, in bf16 and in two shards."""
    torch.manual_seed(3)
    config = CLIPTextConfig(
        vocab_size=120, hidden_size=24, intermediate_size=40, num_hidden_layers=3, num_attention_heads=3, max_position_embeddings=16, hidden_act="gelu",
        projection_dim=20, eos_token_id=119, bos_token_id=118, layer_norm_eps=1e-4)
    model = CLIPTextModelWithProjection(config).eval()
    scramble(model)
    folder = fresh("clip-text")
    model.to(torch.bfloat16).save_pretrained(folder, max_shard_size="16KB")
    model = CLIPTextModelWithProjection.from_pretrained(folder, dtype=torch.float32).eval()
    rows = [[118, 5, 9, 77, 119, 119, 119, 119], [118, 1, 2, 3, 4, 5, 6, 119]]
    with torch.no_grad():
        result = model(torch.tensor(rows), output_hidden_states=True)
    tensors = {f"hidden.{index}": state for index, state in enumerate(result.hidden_states)}
    tensors |= {"last": result.last_hidden_state, "projected": result.text_embeds}
    save_file({k: v.contiguous() for k, v in tensors.items()}, HERE / "clip-text/expected.safetensors")


def picture_names():
    return ["disc", "noise", "stripes", "odd", "tall"]


def pictures():
    return {name: Image.open(HERE / f"{name}.png") for name in picture_names()}


def odd_pictures():
    """Sides whose remainders are odd, one picture with transparent parts."""
    for name, (width, height), mode in (("odd", (53, 45), "RGB"), ("tall", (41, 87), "RGBA")):
        rows = [[(x * 4 % 256, y * 5 % 256, (x * y) % 256, (x * 9 + y) % 256)[: len(mode)] for x in range(width)] for y in range(height)]
        image = Image.new(mode, (width, height))
        image.putdata([pixel for row in rows for pixel in row])
        image.save(HERE / f"{name}.png", optimize=True)


TEXTS = ["a photo of a cat", "", "two dogs running on the beach, oil painting", "CAFÉ 日本 😀 " * 12]


def whole_model():
    """A whole CLIP in f16, with quick GELU and the old mistake about the end token."""
    torch.manual_seed(5)
    merge_count = 200
    vocabulary_size = 512 + merge_count + 2
    config = CLIPConfig(
        text_config=dict(
            vocab_size=vocabulary_size, hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2, eos_token_id=2,
            bos_token_id=0, projection_dim=20),
        vision_config=dict(
            hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, image_size=30, patch_size=10, projection_dim=20),
        projection_dim=20)
    model = CLIPModel(config).eval()
    scramble(model)
    folder = fresh("clip")
    model.to(torch.float16).save_pretrained(folder)
    tokenizer = write_tokenizer(folder, merge_count)
    for name in ("vocab.json", "merges.txt"):
        (folder / name).unlink()
    tokenizer.save_pretrained(folder)
    processor = CLIPImageProcessorPil(size={"shortest_edge": 30}, crop_size={"height": 30, "width": 30})
    processor.save_pretrained(folder)
    model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
    expected = {}
    images = pictures()
    for name, image in images.items():
        raw = processor(image, do_rescale=False, do_normalize=False, return_tensors="np")["pixel_values"][0]
        expected[f"{name}.pixels"] = torch.tensor(raw.astype("uint8")).permute(1, 2, 0).contiguous()
    with torch.no_grad():
        prepared = processor(list(images.values()), return_tensors="pt")["pixel_values"]
        inputs = tokenizer(TEXTS, padding=True, truncation=True, max_length=77, return_tensors="pt")
        result = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], pixel_values=prepared)
        expected["images"] = model.get_image_features(pixel_values=prepared).pooler_output
        expected["texts"] = model.get_text_features(**inputs).pooler_output
        expected["logits"] = result.logits_per_image
    save_file({k: v.contiguous() for k, v in expected.items()}, folder / "expected.safetensors")
    (HERE / "texts.json").write_text(json.dumps({"texts": TEXTS, "pictures": picture_names()}))


def main():
    odd_pictures()
    tokens()
    characters()
    text_tower()
    whole_model()


if __name__ == "__main__":
    main()
