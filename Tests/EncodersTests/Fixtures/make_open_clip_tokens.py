"""What open_clip's own tokenizer makes of texts with character references, texts that were read in a wrong encoding, and the fuzzed corpus.

    python make_open_clip_tokens.py        (needs open_clip_torch, which brings ftfy)

Left out of the texts are characters that are younger than Unicode 14, which the libraries' versions disagree about. Rows of which we do not
mend the encoding as ftfy does are named in `other` and are empty here: ftfy does more than to read a whole line again as Latin-1 or
Windows-1252, or it leaves such a line as it is.
"""

import json
import unicodedata

import ftfy
from ftfy.fixes import fix_c1_controls, unescape_html
from open_clip.tokenizer import SimpleTokenizer

import fuzz
from fuzz import HERE, SplitMix, golden

WORDS = (
    "a photo of the cat café naïve Zürich Ångström smörgåsbord garçon señor façade Łódź Dvořák Привет 日本 東京 😀 ❤️ “smart” ‘quotes’ it’s don’t … – — €7 £8 ½ © ™ ° "
    "&amp; &lt; &gt; &quot; &#39; &apos; &eacute; &EACUTE; &Eacute; &AMP; &nbsp; &copy; &COPY; &copy2024 &notit; &notin; &hearts; &#x1F600; &#x41; &#65 &#0; &#128; &#1; &#xD800; "
    "&#xFFFFFFFF; &#; &#x; & && &amp;amp; &amp;lt;b&amp;gt; &amp;amp;amp; &bogus; &NotEqualTilde; &SZLIG; &NTILDE; &ntilde &ouml; &#59; &#12ab; &ltimes; &LTIMES; &DEG; "
    "<b> </b> a<b ﬁne ﬂuﬃest ŉ Ǆ ＦＵＬＬ　ｗｉｄｔｈ ｶﾀｶﾅ ΣΊΣΥΦΟΣ ΑΣ Σ ΑΣ' ΑΣΑ İstanbul STRAẞE <start_of_text> <end_of_text> <|startoftext|> \x1b[31mred\x1b[0m \r\n \r \x0b \x85 \x92 \u2028 "
    "\ufeff \u200d \xa0 \u3000 cafe\u0301 A\u030a 1girl 3.14 100%"
).split(" ")
COUNT = 3000


def misread(text, encoding):
    raw = text.encode("utf-8")
    return raw.decode("latin-1") if encoding == "latin-1" else "".join(bytes([b]).decode("windows-1252", "ignore") or chr(b) for b in raw)


def corpus():
    random = SplitMix(77)
    texts = []
    for _ in range(COUNT):
        text = [" ", " ", ", ", ""][random.below(4)].join(WORDS[random.below(len(WORDS))] for _ in range(1 + random.below(7)))
        kind = random.below(6)
        if kind < 2:
            text = misread(text, ["latin-1", "windows-1252"][kind])
        elif kind == 2:
            text = misread(misread(text, "windows-1252"), "windows-1252")
        texts.append(text)
    return texts


def read_again(line):
    """A line that is UTF-8 taken for Latin-1 or Windows-1252, once or several times: what we do of ftfy's fix_encoding."""
    for encoding in ("latin-1", "sloppy-windows-1252"):
        try:
            again = line.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        if again != line:
            return read_again(again)
    return line


def is_other(text):
    """Whether ftfy mends the encoding of a line in another way than we do."""
    is_html = False
    for line in text.split("\n"):
        is_html = is_html or "<" in line
        before = None
        while line != before:
            before = line
            line = line if is_html else unescape_html(line)
            mended = fix_c1_controls(ftfy.fix_encoding(line))
            if mended != fix_c1_controls(read_again(line)):
                return True
            line = ftfy.fix_and_explain(mended, fix_encoding=False, unescape_html=False).text
    return False


def main():
    tokenizer = SimpleTokenizer()
    texts = ["".join(c for c in text if unicodedata.category(c) != "Cn") for text in corpus() + fuzz.corpus()]
    other = [number for number, text in enumerate(texts) if is_other(text)]
    skipped = set(other)
    rows = [[] if number in skipped else tokenizer.encode(text) for number, text in enumerate(texts)]
    cases = [[text, tokenizer.encode(text)] for number, text in enumerate(texts[:COUNT]) if number not in skipped][:200]
    content = {"cases": cases, **golden(rows, explicit=0), "other": other, "texts": corpus()}
    (HERE / "open_clip_tokens.json").write_text(json.dumps(content, separators=(",", ":"), ensure_ascii=True))
    print(f"{len(other)} of {len(texts)} are mended in other ways")


if __name__ == "__main__":
    main()
