"""Goldens of the CLIP family from small random models: transformers' tokenizer over the fuzzed corpus, text towers, whole models.

    python fuzz.py; python make_clip.py        (needs torch, transformers, safetensors, Pillow)
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Regex, normalizers
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer

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


def main():
    tokens()
    characters()
    text_tower()


if __name__ == "__main__":
    main()
