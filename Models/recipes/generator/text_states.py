"""Token states of the default encoder's text tower (all-MiniLM-L6-v2) for captions, as the UNet's cross-attention reads them.

The states are the last hidden layer's with [CLS] and [SEP], 384 wide. A batch is padded with zeros and a mask says which tokens count.
"""

import sys
from pathlib import Path

import torch

sys.path.append(str(Path(__file__).resolve().parent.parent / "encoder"))
import towers  # noqa: E402

WIDTH = 384
LONGEST = 40


def text_tower(folder=None, device="cpu"):
    """Tokenizer and model of the shipped text tower, or of another folder with its `text.safetensors` and `vocab.txt`."""
    folder = Path(folder) if folder else Path(__file__).resolve().parents[2] / "redraw-encoder"
    tower = towers.TextTower(towers.read(folder / "text.safetensors"), folder / "vocab.txt")
    return tower.tokenizer, tower.model.to(device)


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
