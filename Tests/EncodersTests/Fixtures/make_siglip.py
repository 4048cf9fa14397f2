"""Goldens of SigLIP (a small SentencePiece model, transformers' SiglipTokenizer) and SigLIP 2 (a small Gemma-like BPE) from random models.

    python fuzz.py; python make_clip.py; python make_siglip.py        (needs torch, transformers, sentencepiece, protobuf, safetensors, Pillow)
"""

import io
import json

import sentencepiece
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast, SiglipConfig, SiglipModel, SiglipTokenizer
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

import fuzz
from make_clip import HERE, TEXTS, fresh, pictures, scramble

CASES = [
    "", " ", ".", "a", "a photo of a cat", "A Photo, of; a CAT!", "snake_case (paren)", "<unk> </s> a</s>", "</s>", "▁a▁ b", "ΣΊΣΥΦΟΣ ΑΣ, Σ", "日本語 한국어 😀", "x" * 200,
    "word " * 100, "\u00a0a\u3000b\tc\x1cd", "ﬁne ＦＵＬＬ ½", "don't", "cafe\u0301", "İstanbul", "\u200b\ufeff", "🏳️‍🌈",
]


def sentences():
    return [" ".join(fuzz.WORDS[(i * 7 + j * 13) % len(fuzz.WORDS)] for j in range(9)).lower() for i in range(400)]


def small_model(folder, vocabulary_size, positions, dtype):
    config = SiglipConfig(
        text_config=dict(
            vocab_size=vocabulary_size, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=positions,
            projection_size=24),
        vision_config=dict(hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3, image_size=30, patch_size=8))
    model = SiglipModel(config).eval()
    scramble(model)
    with torch.no_grad():
        model.logit_scale.fill_(2.3)
        model.logit_bias.fill_(-9.5)
    model.to(dtype).save_pretrained(folder)
    return SiglipModel.from_pretrained(folder, dtype=torch.float32).eval()


def expected(folder, model, rows, processor):
    tensors = {}
    images = pictures()
    for name, image in images.items():
        raw = processor(image, do_rescale=False, do_normalize=False, return_tensors="np")["pixel_values"][0]
        tensors[f"{name}.pixels"] = torch.tensor(raw.astype("uint8")).permute(1, 2, 0).contiguous()
    with torch.no_grad():
        prepared = processor(list(images.values()), return_tensors="pt")["pixel_values"]
        result = model(input_ids=torch.tensor(rows), pixel_values=prepared)
        tensors["images"] = model.get_image_features(pixel_values=prepared).pooler_output
        tensors["texts"] = model.get_text_features(input_ids=torch.tensor(rows)).pooler_output
        tensors["logits"] = result.logits_per_image
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "expected.safetensors")


def siglip():
    torch.manual_seed(21)
    folder = fresh("siglip")
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences()), model_writer=stream, vocab_size=270, model_type="unigram", character_coverage=0.985, pad_id=0, eos_id=1, unk_id=2,
        bos_id=-1, minloglevel=2, num_threads=1)
    (folder / "spiece.model").write_bytes(stream.getvalue())
    tokenizer = SiglipTokenizer(str(folder / "spiece.model"))
    full = lambda text: tokenizer(text, padding="max_length", truncation=True, max_length=64)["input_ids"]
    cases = [[text, full(text)] for text in CASES]
    rows = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in fuzz.corpus()]
    (HERE / "siglip_tokens.json").write_text(json.dumps({"cases": cases, **fuzz.golden(rows)}, separators=(",", ":")))
    model = small_model(folder, tokenizer.vocab_size, 64, torch.float16)
    processor = SiglipImageProcessorPil(size={"height": 30, "width": 30})
    processor.save_pretrained(folder)
    expected(folder, model, [full(text) for text in TEXTS], processor)


def siglip2():
    torch.manual_seed(22)
    folder = fresh("siglip2")
    tokenizer = Tokenizer(models.BPE(fuse_unk=True, unk_token="<unk>", byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=520, special_tokens=specials, limit_alphabet=60, show_progress=False, max_token_length=12)
    tokenizer.train_from_iterator(sentences(), trainer)
    content = json.loads(tokenizer.to_str())
    # Gemma's byte tokens are ordinary ones; its lines and runs of spaces are added ones.
    content["added_tokens"] = [token for token in content["added_tokens"] if not token["content"].startswith("<0x")]
    number = len(content["model"]["vocab"])
    for extra in ("\n\n", "▁▁"):
        content["model"]["vocab"].setdefault(extra, number)
        content["added_tokens"].append(
            dict(id=content["model"]["vocab"][extra], content=extra, single_word=False, lstrip=False, rstrip=False, normalized=False, special=False))
        number = len(content["model"]["vocab"])
    tokenizer = Tokenizer.from_str(json.dumps(content))
    tokenizer.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    fast = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")
    full = lambda text: fast(text, padding="max_length", truncation=True, max_length=64)["input_ids"]
    cases = [[text, full(text)] for text in CASES + ["a\n\nb  ▁▁c", "<eos> a <pad>"]]
    rows = [fast(text, add_special_tokens=False)["input_ids"] for text in fuzz.corpus()]
    (HERE / "siglip2_tokens.json").write_text(json.dumps({"cases": cases, **fuzz.golden(rows)}, separators=(",", ":")))
    model = small_model(folder, number, 64, torch.float32)
    processor = SiglipImageProcessorPil(size={"height": 30, "width": 30}, resample=2)
    processor.save_pretrained(folder)
    expected(folder, model, [full(text) for text in TEXTS], processor)


if __name__ == "__main__":
    siglip()
    siglip2()
