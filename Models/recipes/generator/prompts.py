"""The fixed prompts that the generator is measured with, each with the words of the vocabulary that count as finding what was asked for.

Chosen before the training from the categories with many training pictures, and a few drawings, paintings and sketches of them.
"""

from pictures import with_article

NOUNS = {
    "airplane": "aeroplane", "motorbike": "motorcycle|scooter|dirt bike", "person's face": "man|woman|person|face|boy|girl", "leopard": "leopard|jaguar|big cat|wild cat",
    "car from the side": "car|estate car|sports car", "watch": "watch|stopwatch", "bonsai": "bonsai|tree", "butterfly": "butterfly",
    "grand piano": "grand piano|piano", "chandelier": "chandelier", "sunflower": "sunflower", "helicopter": "helicopter",
    "elephant": "elephant|african elephant|indian elephant", "kangaroo": "kangaroo", "laptop": "laptop", "pizza": "pizza", "starfish": "starfish",
    "umbrella": "umbrella|parasol", "soccer ball": "football|ball", "stop sign": "stop sign|street sign|traffic sign", "electric guitar": "electric guitar|guitar",
    "pyramid": "pyramid", "dolphin": "dolphin|whale", "flamingo": "flamingo", "crab": "crab", "dalmatian": "dalmatian", "scorpion": "scorpion",
    "dragonfly": "dragonfly", "chair": "chair|armchair", "cup": "cup|mug", "ketch": "sailing boat|schooner|boat|ship", "rhino": "rhinoceros|rhino",
    "apple": "apple", "banana": "banana", "orange": "orange fruit|orange", "lemon": "lemon", "tomato": "tomato", "pineapple": "pineapple",
    "dress": "dress|gown", "hat": "hat", "shirt": "shirt|t-shirt", "shoes": "shoes|trainers|loafers|boots", "t-shirt": "t-shirt|shirt", "pants": "trousers|jeans",
}
DRAWN = {
    "a cartoon of a bird": "bird", "a cartoon of a flower": "flower", "a painting of a dolphin": "dolphin|whale", "a sketch of a motorbike": "motorcycle|scooter|dirt bike",
    "a cartoon of a fish": "fish", "a sketch of an airplane": "aeroplane",
}
COLOURED = ("apple", "dress", "car from the side", "butterfly", "hat", "chair")
COLOURS = ("red", "green", "blue", "yellow")


def text_prompts():
    """The fifty prompts, each with the set of words that count."""
    prompts = {f"a photo of {with_article(noun)}": set(words.split("|")) for noun, words in NOUNS.items()}
    prompts.update({prompt: set(words.split("|")) for prompt, words in DRAWN.items()})
    assert len(prompts) == 50
    return prompts
