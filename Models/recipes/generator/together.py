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
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients] + [torch.tensor([spent], dtype=torch.float32)])
        torch.distributed.all_reduce(flat)
        flat /= self.size
        start = 0
        for gradient in gradients:
            gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
            start += gradient.numel()
        return flat[-1].item()

    @torch.no_grad()
    def average(self, parameters, spent):
        """Averages weights over the team, for processes that step by themselves in between; returns the seconds spent, averaged too."""
        if self.size == 1:
            return spent
        flat = torch.cat([parameter.reshape(-1) for parameter in parameters] + [torch.tensor([spent], dtype=torch.float32)])
        torch.distributed.all_reduce(flat)
        flat /= self.size
        start = 0
        for parameter in parameters:
            parameter.copy_(flat[start : start + parameter.numel()].view_as(parameter))
            start += parameter.numel()
        return flat[-1].item()
