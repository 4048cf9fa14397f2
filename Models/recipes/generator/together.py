"""Training in several processes that average their gradients, or their weights every few steps.

Started plainly a script runs alone. Started by `torchrun --nproc-per-node N` it runs N times with one share of the work each. On a
processor that other programs use too, single-threaded processes waste far less time than threads that wait for one another
at every operation.
"""

import os

import torch
import torch.distributed


class Team:
    def __init__(self):
        self.size = int(os.environ.get("WORLD_SIZE", 1))
        self.rank = int(os.environ.get("RANK", 0))
        if self.size > 1:
            torch.distributed.init_process_group("gloo")

    @property
    def leads(self):
        return self.rank == 0

    def share(self, parameters, spent):
        """Averages gradients over the team; returns the seconds spent, averaged too, so that all stop at the same step."""
        if self.size == 1:
            return spent
        return self.averaged([parameter.grad for parameter in parameters if parameter.grad is not None], spent)

    @torch.no_grad()
    def average(self, parameters, spent):
        """Averages weights over the team, for processes that step by themselves in between; returns the seconds spent, averaged too."""
        return spent if self.size == 1 else self.averaged(parameters, spent)

    def averaged(self, tensors, spent):
        """Sets tensors, in one exchange, to the team's average; returns that of the seconds spent."""
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors] + [torch.tensor([spent], dtype=torch.float32)])
        torch.distributed.all_reduce(flat)
        flat /= self.size
        start = 0
        for tensor in tensors:
            tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
            start += tensor.numel()
        return flat[-1].item()
