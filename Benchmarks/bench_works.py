"""What bench_all.py has done by Redraw and by its peers alike: the networks, their rows of the table, the texts."""

GENERATORS = {"sd15": ["guided step (UNet, batch 2)", "decode 512x512", "picture from a picture, cold"]}
# Those of which nothing but the whole run is timed.
FEW_STEPS = {"lcm": ["4 steps from a picture, tiny autoencoder, cold"]}
TAGGERS = {"wd-vit-tagger-v3": ["one picture", "cold start to first labels"]}
TOWERS = ["image tower, batch 1", "image tower, batch 16", "text tower, batch 64", "cold start to first embedding"]
PROGRAMS = [
    "redraw-f32", "redraw-bf16", "redraw-int8", "torch-f32", "torch-bf16", "openvino-f32", "openvino-bf16", "onnxruntime-f32", "onnxruntime-int8"]
WORDING = "a red apple on a wooden table, oil painting"
# Of the picture that is painted to be compared.
PAINTED_STEPS = 2
WORDS = "photo painting cat dog woman street mountain river at night in the rain with a red hat, highly detailed".split()


def texts(count):
    return [" ".join(WORDS[(i * 5 + j * 3) % len(WORDS)] for j in range(4 + i % 9)) for i in range(count)]
