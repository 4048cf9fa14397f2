"""Packs training pictures with their captions for a machine that is lent for minutes: few files, small ones, the same each time.

    python pack.py --data DATA --tables TABLES [--clipart FOLDER] [--emoji FOLDER] [--answers answers.json] --output PACKS [--part 0.01]

Writes PACKS/pack-0.safetensors, pack-1 … of at most 28 MiB each and PACKS/digests.txt, which `sha256sum -c` reads. A pack holds pictures as
WebP, and *records*: a picture, the look it is made over into where it is used (`styles.py` does that there, on many cores), how often it is
drawn, and its captions as token numbers of the default encoder's text tower.
"""

import argparse
import hashlib
import io
import json
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy
from PIL import Image
from safetensors.numpy import save_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generator"))
sys.path.append(str(Path(__file__).resolve().parent.parent / "encoder"))
from captions import captions_of  # noqa: E402
from lent_views import LOOKS  # noqa: E402
from networks import MOST_TOKENS  # noqa: E402
from colours import colour_words  # noqa: E402
from pictures import TrainingPicture, draw_weights, open_picture, training_pictures, with_article  # noqa: E402

LARGEST_PACK = 28 << 20
SHORTEST, LONGEST = 288, 416  # sides in pixels that pictures are made smaller to
QUALITY = 72
# Share of the photographs that are made over as well, and how often such a one is drawn beside its photograph.
MADE_OVER, MADE_OVER_WEIGHT = 0.45, 0.5


def smaller(image):
    factor = min(1, SHORTEST / min(image.size), LONGEST / max(image.size))
    return image if factor == 1 else image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)


def packed_picture(task):
    """(WebP bytes, words about the ground, colours) of a training picture; None where it cannot be read."""
    picture, seed = task
    try:
        image, background = open_picture(picture, random.Random(seed), longest=LONGEST)
    except OSError:
        return None
    image = smaller(image)
    if min(image.size) < 64:
        return None
    data = io.BytesIO()
    image.save(data, "WEBP", quality=QUALITY, method=4)
    return data.getvalue(), background, colour_words(image)


def emoji_pictures(folder, scratch):
    """Noto's emoji as files and training pictures."""
    from drawings import emoji

    scratch.mkdir(parents=True, exist_ok=True)
    font, annotations = next(folder.rglob("NotoColorEmoji.ttf")), next(folder.rglob("common/annotations/en.xml"))
    for number, (drawing, words) in enumerate(emoji(font, annotations)):
        file = scratch / f"{number}.png"
        drawing.save(file)
        yield TrainingPicture(file, "clipart", "emoji", "cartoon", with_article(words[0].lower()))


class Tokens:
    def __init__(self, vocabulary):
        from transformers import BertTokenizer

        self.tokenizer = BertTokenizer(str(vocabulary), do_lower_case=True)

    def __call__(self, captions):
        return self.tokenizer(captions, truncation=True, max_length=MOST_TOKENS)["input_ids"]


def records_of(number, picture, weight, made, answer, chance):
    """(picture's number, look, weight, captions) of the picture as it is and made over."""
    _, background, colours = made
    yield number, "", weight, captions_of(picture, answer, colours, background, chance)
    if picture.medium == "photo" and chance.random() < MADE_OVER:
        look = chance.choice(LOOKS[1:])
        told = (None, None) if look == "sketch" else colours
        yield number, look, weight * MADE_OVER_WEIGHT / MADE_OVER, captions_of(picture, answer, told, background, chance, medium=look)


def written(folder, number, pictures, records):
    """Writes a pack and gives its file."""
    file = folder / f"pack-{number}.safetensors"
    tokens = [tokens for *_, captions in records for tokens in captions]
    arrays = dict(
        pictures=numpy.frombuffer(b"".join(pictures), dtype=numpy.uint8),
        picture_ends=numpy.cumsum([len(data) for data in pictures], dtype=numpy.int64),
        record_pictures=numpy.array([picture for picture, *_ in records], dtype=numpy.int32),
        record_looks=numpy.array([LOOKS.index(look) for _, look, *_ in records], dtype=numpy.uint8),
        record_weights=numpy.array([weight for _, _, weight, _ in records], dtype=numpy.float32),
        record_captions=numpy.cumsum([len(captions) for *_, captions in records], dtype=numpy.int32),
        tokens=numpy.array([token for caption in tokens for token in caption], dtype=numpy.uint16),
        token_ends=numpy.cumsum([len(caption) for caption in tokens], dtype=numpy.int32),
    )
    save_file(arrays, file)
    return file


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--clipart", type=Path)
    parser.add_argument("--emoji", type=Path, help="unpacked fonts-noto-color-emoji and unicode-cldr-core")
    parser.add_argument("--answers", type=Path, help="what teachers.py wrote")
    parser.add_argument("--encoder", type=Path, default=Path(__file__).resolve().parents[2] / "redraw-encoder")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--part", type=float, default=1.0, help="share of the pictures, for a trial")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    pictures = training_pictures(options.data, options.tables, options.clipart)
    if options.emoji:
        pictures += list(emoji_pictures(options.emoji, options.output / "emoji"))
    weights = draw_weights(pictures)
    order = list(range(len(pictures)))
    random.Random(1).shuffle(order)
    order = order[: max(1, round(len(order) * options.part))]
    answers = json.loads(options.answers.read_text()) if options.answers else {}
    tokens = Tokens(options.encoder / "vocab.txt")
    print(len(order), "of", len(pictures), "pictures", flush=True)

    files, held, records, size = [], [], [], 0
    with ProcessPoolExecutor(options.workers) as pool:
        tasks = [(pictures[index], index) for index in order]
        for index, made in zip(order, pool.map(packed_picture, tasks, chunksize=32)):
            if made is None:
                continue
            # Room for the captions, some 300 bytes a picture.
            if size + len(made[0]) + 400 * (len(held) + 1) > LARGEST_PACK - (1 << 20):
                files.append(written(options.output, len(files), held, records))
                held, records, size = [], [], 0
            picture = pictures[index]
            name = picture.file.relative_to(options.data).as_posix() if picture.file.is_relative_to(options.data) else ""
            for number, look, weight, captions in records_of(len(held), picture, weights[index], made, answers.get(name), random.Random(index)):
                records.append((number, look, weight, tokens(captions)))
            held.append(made[0])
            size += len(made[0])
    files.append(written(options.output, len(files), held, records))
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (options.output / "digests.txt").write_text("".join(lines))
    for file in files:
        assert file.stat().st_size <= LARGEST_PACK, file
        print(file, f"{file.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
