"""tokens.json: texts and the numbers that transformers' BertTokenizer gives them; unicode.json: how its library sorts every character.

    python make_tokens.py MODEL        (MODEL holds vocab.txt)
"""

import json
import random
import sys
from pathlib import Path

from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import BertTokenizer

HERE = Path(__file__).parent
NASTY = """
|a photo of a dog|A Photo, of; a DOG!|two women in long red dresses walking a greyhound|don't can't I'm you'll we've|e-mail: who@example.com
|http://example.com/a?b=c&d=%20e#f|3.14159 1,000,000 50% $5 €7 £8 ¥9 №10|C++ C# F# .NET|snake_case camelCase kebab-case|a/b\\c|"quoted" 'single' `tick`
|“smart” ‘quotes’ «guillemets» „low“|en–dash em—dash minus−sign hyphen‐ nonbreaking‑hyphen|ellipsis… bullet• middot· degree°|café naïve résumé Ångström
|cafe\u0301 nai\u0308ve A\u030angstro\u0308m|ÀÉÎÕÜ ÇÑ ß ẞ Æ æ Ø ø Œ œ Ð ð Þ þ Ł ł|İstanbul ISTANBUL ıstanbul|ΣΊΣΥΦΟΣ σίσυφος Ὀδυσσεύς|Привет, МИР! Ёжик йод
|Здравствуй\u0301те|שָׁלוֹם עולם|مَرْحَبًا بالعالم|नमस्ते दुनिया|สวัสดีชาวโลก|你好世界|日本語のテキスト カタカナ ﾊﾝｶｸ|한국어 텍스트 각|漢字kanji混じりtext
|\u3400\u4dbf\u4e00\u9fff\uf900\ufaff|\U00020000\U0002a6df \U0002a700 \U0002b820 \U0002b920 \U0002f800|\u3007 \u3005 \u3021|😀 😃👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪|a😀b ❤️ ☺ ✔ ★ ☎|©®™ ½ ² ³ ⅓ ① Ⅷ
|ﬁ ﬂ ﬀ ﬆ|ｆｕｌｌｗｉｄｔｈ　ＴＥＸＴ！|\u00a0nbsp\u00a0 thin\u2009space zero\u200bwidth\u200djoiner\u2060word \ufeffbom|soft\u00adhyphen|line\u2028para\u2029sep|tab\tnew\nline\r\nreturn
|bell\x07 null\x00 esc\x1b del\x7f nel\x85 vt\x0bff\x0c us\x1f|\ufffd replacement \ufffe \uffff|private \ue000 \uf8ff \U000f0000|\u202eright to left\u202c|   leading and trailing   ||\t\n |.|...|!!!???|()[]{}<>
|[CLS] [SEP] [PAD] [UNK] [MASK]|a[MASK]b [mask] [CLS][SEP]|[ MASK ] [MASK [[MASK]] [unused0] [unused99]|##ing ## # ###|##s a##b|unaffable antidisestablishmentarianism
|pneumonoultramicroscopicsilicovolcanoconiosis|Donaudampfschifffahrtsgesellschaftskapitän|x|X|z̴a̷l̶g̵o̸ t̶e̷x̸t̵|ѣ ѳ ѵ ꙗ|ᚠᚢᚦ ᛏᛖᛋᛏ|𝕳𝖊𝖑𝖑𝖔 𝐖𝐨𝐫𝐥𝐝 𝒯𝑒𝓍𝓉|ⒶⒷⒸ ⓐⓑⓒ|K (Kelvin) Å (Angstrom) Ω (Ohm)
|ǅ ǈ ǋ ǲ|ᏣᎳᎩ ꮳꮃꭹ|Ａ\u0301 \u0345 \u0e33 \u0eb3|\u0f77 \u0f79 \u1e9b\u0323|क़ ख़ ग़ ড় ঢ়|\u1100\u1161\u11a8 \uac01|(oil painting:1.3), {masterpiece}, [sketch]|1girl, solo, long_hair, :d, ^_^, >_<, T_T, o_o
|by_the_sea—at-dawn;golden|\u1734 \u166d \U000111c9 \u09fd \u2e43 \u2e52|\u061d \u0890 \u08e2|\u180e \u1680 \u205f \u3000|ﷺ ﷻ|𠀀𠀁 a𠀀b
""".strip("\n").replace("\n", "")


def seeded(count):
    rng = random.Random(20)
    pools = [
        list(range(0x20, 0x7F)), list(range(0x61, 0x7B)) * 3 + [0x20] * 20, list(range(0xA0, 0x250)), list(range(0x300, 0x370)),
        list(range(0x370, 0x530)), list(range(0x590, 0x700)), list(range(0x900, 0xD80)), list(range(0xE00, 0x1100)), list(range(0x1E00, 0x2070)),
        list(range(0x2070, 0x2800)), list(range(0x3000, 0x3400)), list(range(0x4E00, 0x5200)), list(range(0xAC00, 0xAD00)), list(range(0, 0x20)),
        list(range(0xF900, 0x10000)), list(range(0x1F300, 0x1F700)), list(range(0x1D400, 0x1D600)), list(range(0x10000, 0x11800)),
        list(range(0x20000, 0x20100)), list(range(0x80, 0xA0)), list(range(0xE0000, 0xE0080)),
    ]
    words = [line.strip() for line in open(Path(sys.argv[1]) / "vocab.txt", encoding="utf-8")]
    for _ in range(count):
        parts = []
        for _ in range(rng.randint(1, 12)):
            if rng.random() < 0.4:
                word = rng.choice(words)
                parts.append(rng.choice([word, word.upper(), word.title(), word + rng.choice(words)]))
            else:
                pool = rng.choice(pools)
                parts.append("".join(chr(rng.choice(pool)) for _ in range(rng.randint(1, 8))))
        yield rng.choice(["", " ", " ", ", "]).join(parts)


def ranges(numbers):
    result = []
    for number in numbers:
        if result and result[-1][1] == number - 1:
            result[-1][1] = number
        else:
            result.append([number, number])
    return result


def main():
    tokenizer = BertTokenizer(str(Path(sys.argv[1]) / "vocab.txt"), do_lower_case=True)
    texts = NASTY.split("|") + ["a" * 100, "a" * 101, "b" * 99 + "é", "word " * 300, "ab" * 49 + "c, " + "x" * 120, "long " * 253 + "end", "日" * 300]
    texts += list(seeded(700))
    cases = [[text, tokenizer(text, truncation=True, max_length=256)["input_ids"]] for text in texts]
    (HERE / "tokens.json").write_text(json.dumps(cases, ensure_ascii=True, separators=(",", ":")))

    clean = BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    chinese = BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False)
    accents = BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    split = BertPreTokenizer()
    kinds = {"removed": [], "space": [], "chinese": [], "accent": [], "punctuation": []}
    for number in range(0x110000):
        if 0xD800 <= number < 0xE000:
            continue
        character = chr(number)
        cleaned = clean.normalize_str(character)
        if not cleaned:
            kinds["removed"].append(number)
        elif cleaned == " ":
            kinds["space"].append(number)
        if chinese.normalize_str(character) != character:
            kinds["chinese"].append(number)
        if accents.normalize_str(character) == "":
            kinds["accent"].append(number)
        if len(split.pre_tokenize_str("a" + character + "b")) == 3:
            kinds["punctuation"].append(number)
    (HERE / "unicode.json").write_text(json.dumps({kind: ranges(numbers) for kind, numbers in kinds.items()}, separators=(",", ":")))


if __name__ == "__main__":
    main()
