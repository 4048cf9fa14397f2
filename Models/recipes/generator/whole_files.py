"""Files that are there whole or not at all, whenever a run is stopped."""

import torch


def save_whole(contents, file):
    torch.save(contents, file.with_suffix(".part"))
    file.with_suffix(".part").replace(file)
