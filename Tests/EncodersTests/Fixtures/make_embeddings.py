"""Embeddings of small synthetic pictures and of texts by the recipe's towers, from the very files that are shipped.

    python make_embeddings.py RECIPE MODEL        (the folders Models/recipes/encoder and Models/redraw-encoder)
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, sys.argv[1])
import head  # noqa: E402
import seeing  # noqa: E402
import towers  # noqa: E402

HERE = Path(__file__).parent
MODEL = Path(sys.argv[2])
LEAST_CERTAINTY = 0.003
TEXTS = [
    "a photo of a dog", "dog", "a photo of a person", "Two women in red dresses walk a greyhound along the beach at sunset.",
    "impressionist oil painting", "a pencil sketch of a church", "", "naïve café, 日本 – 😀", "a photo of a traffic light",
    "a very long description of a living room with a sofa, a lamp, a carpet, two windows, a cat on the sill and a dog under the table " * 4,
]


def pictures():
    """A gradient with a disc, coloured noise blown up, and stripes with transparency: sides above and below the tower's."""
    y, x = np.mgrid[0:190, 0:300]
    disc = np.stack([x * 255 / 299, y * 255 / 189, 128 + 0 * x], -1)
    disc[(x - 150) ** 2 + (y - 95) ** 2 < 3600] = (220, 40, 30)
    yield "disc", Image.fromarray(disc.astype(np.uint8))
    noise = np.random.default_rng(3).integers(0, 256, (12, 9, 3), dtype=np.uint8)
    yield "noise", Image.fromarray(noise)
    y, x = np.mgrid[0:64, 0:80]
    stripes = np.stack([(x // 8 % 2) * 255, (y // 4 % 2) * 200, 255 - x * 3, np.where(x + y < 70, 255, 0)], -1)
    yield "stripes", Image.fromarray(stripes.astype(np.uint8), "RGBA")


def seen_in(sees, image, pooled, glanced):
    tags, things = sees(pooled, glanced, towers.prepare(image, sees.config["imageSize"])[None])
    return {"tags": tags, "things": [
        {"name": thing, "certainty": certainty, "box": box.tolist(), "traits": held} for thing, certainty, box, held in things]}


def main():
    torch.set_num_threads(1)
    config = json.loads((MODEL / "config.json").read_text())
    tower = towers.ImageTower(towers.read(MODEL / "image.safetensors"))
    applied = head.Head({name: tensor.numpy() for name, tensor in towers.read(MODEL / "head.safetensors").items()}, config["head"])
    text = towers.TextTower(towers.read(MODEL / "text.safetensors"), MODEL / "vocab.txt")
    golden = {"texts.embeddings": text(TEXTS), "states": text.states([TEXTS[3]])[0]}
    seen, sees = {}, seeing.Seeing(MODEL, config)
    # Nothing real stands in these pictures: what is hardly there has to be told, too.
    sees.config = config["seeing"] | {"leastCertainty": LEAST_CERTAINTY, "mostThings": 12}
    mediums = {}
    for name, image in pictures():
        image.save(HERE / f"{name}.png")
        prepared = towers.prepare(image)
        pooled, logits, glanced = tower.glanced(prepared[None], config["seeing"]["glance"]["blocks"])
        golden[f"{name}.features"] = pooled[0]
        golden[f"{name}.embedding"] = torch.from_numpy(applied.embed(pooled.numpy(), logits.numpy())[0])
        if name == "disc":
            golden["disc.prepared"] = torch.round(prepared.permute(1, 2, 0) * towers.DEVIATION + towers.MEAN).to(torch.uint8)
        seen[name] = seen_in(sees, image, pooled[0].numpy(), glanced)
        mediums[name] = dict(zip(config["head"]["mediums"], applied.mediums(pooled.numpy())[0].tolist()))
    towers.write(HERE / "embeddings.safetensors", {name: t if t.dtype == torch.uint8 else t.float() for name, t in golden.items()})
    (HERE / "embeddings.json").write_text(json.dumps({"texts": TEXTS, "mediums": mediums, "seen": seen}, ensure_ascii=True, indent=1) + "\n")


if __name__ == "__main__":
    main()
