"""Files that are there whole or not at all, whenever a run is stopped."""

import torch


def save_whole(contents, file):
    torch.save(contents, file.with_suffix(".part"))
    file.with_suffix(".part").replace(file)


def write_whole(file, data):
    file.with_suffix(".part").write_bytes(data)
    file.with_suffix(".part").replace(file)
