"""The fuzzed corpus that every tokenizer is held against; FuzzedCorpus.swift makes the same strings from fuzz.json.

SplitMix64 as in TestSupport's SeededGenerator, every choice `next() % n`.
"""

import json
from pathlib import Path

HERE = Path(__file__).parent
MASK = (1 << 64) - 1

WORDS = (
    "a photo of the cat dogs running painting portrait landscape mountain river 1girl solo long_hair blue_eyes masterpiece best quality "
    "8k uhd dslr don't can't I'm you'll we've they're he'd it's O'Neill rock'n'roll '90s ''quoted'' \"double\" (paren:1.3) [sketch] {curly} <lora:x:0.8> "
    "&amp; &lt;b&gt; &quot;hi&quot; &#39;x&#39; &eacute; &#x1F600; &nbsp; &amp;amp; &copy;2024 &notit; &hearts; <|startoftext|> <|endoftext|> <|STARTOFTEXT|>!! "
    "<start_of_text> </s> <s> <pad> <unk> <eos> <bos> \u2581 naïve Café RÉSUMÉ Ångström cafe\u0301 A\u030a ﬁne ﬂow ＦＵＬＬ ｗｉｄｔｈ İstanbul ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ straße STRAẞE "
    "Привет МИР Ёжик שָׁלוֹם مَرْحَبًا नमस्ते สวัสดี 你好世界 日本語 カタカナ ﾊﾝｶｸ 한국어 각 각 漢字kanji 😀 👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 ❤️ ☺ ™ ½ ³ Ⅷ "
    "“smart” ‘quotes’ … – — • · ° €7 £8 100% 3.14 1,000,000 C++ C# .NET snake_case camelCase http://example.com/a?b=c&d=%20 user@mail.org #tag @me $PATH "
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis Donaudampfschifffahrtsgesellschaft x X aaaaaaaaaaaaaaaa 0000000 !!!!! ...... ------- ~~~ ^_^ >_< T_T :d"
).split(" ")
POOLS = [
    [0x20, 0x7F], [0x61, 0x7B], [0x61, 0x7B], [0x20, 0x21], [0xA0, 0x250], [0x250, 0x300], [0x300, 0x370], [0x370, 0x530], [0x590, 0x700], [0x900, 0xD80],
    [0xE00, 0x1100], [0x1100, 0x1200], [0x1E00, 0x2070], [0x2070, 0x2800], [0x3000, 0x3400], [0x4E00, 0x5200], [0xAC00, 0xAD00], [0x1, 0x20],
    [0xF900, 0x10000], [0x1F300, 0x1F700], [0x1D400, 0x1D600], [0x10000, 0x11800], [0x20000, 0x20100], [0x7F, 0xA0], [0xE0000, 0xE0080], [0xFE00, 0xFE10],
]
SEPARATORS = ["", " ", " ", ", ", "  ", "\n"]
COUNT = 10_000
SEED = 2026


class SplitMix:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, n):
        return self.next() % n


def ascii_upper(word):
    return "".join(chr(ord(c) - 32) if "a" <= c <= "z" else c for c in word)


def corpus(count=COUNT):
    random = SplitMix(SEED)
    texts = []
    for _ in range(count):
        parts = []
        for _ in range(1 + random.below(10)):
            if random.below(10) < 5:
                word = WORDS[random.below(len(WORDS))]
                kind = random.below(4)
                if kind == 0:
                    word = ascii_upper(word)
                elif kind == 1:
                    word += WORDS[random.below(len(WORDS))]
                parts.append(word)
            else:
                low, high = POOLS[random.below(len(POOLS))]
                parts.append("".join(chr(low + random.below(high - low)) for _ in range(1 + random.below(8))))
        texts.append(SEPARATORS[random.below(len(SEPARATORS))].join(parts))
    return texts


def digest(rows, start=0xCBF29CE484222325):
    """FNV-1a over the numbers, four bytes each, and four of 255 behind each row."""
    state = start
    for row in rows:
        for number in list(row) + [0xFFFFFFFF]:
            for shift in (0, 8, 16, 24):
                state = ((state ^ (number >> shift & 255)) * 0x100000001B3) & MASK
    return state


def golden(rows, explicit=150, block=100):
    """What a test compares: some rows in full, and a digest of each block of rows."""
    return {
        "explicit": [list(row) for row in rows[:explicit]],
        "digests": [f"{digest(rows[start:start + block]):016x}" for start in range(0, len(rows), block)],
    }


if __name__ == "__main__":
    (HERE / "fuzz.json").write_text(
        json.dumps({"seed": SEED, "count": COUNT, "words": WORDS, "pools": POOLS, "separators": SEPARATORS}, separators=(",", ":")))
