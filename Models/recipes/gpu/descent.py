"""One step downhill, as all parts of a run take it."""

import torch

LARGEST_GRADIENT = 1.0


def descend(loss, optimizer, parameters, slow, keep):
    """Moves `parameters` against the loss' gradient, its length bounded, and their running average `slow` after them: of it `keep` stays."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
    optimizer.step()
    with torch.no_grad():
        torch._foreach_lerp_(slow, parameters, 1 - keep)
