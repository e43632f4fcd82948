"""Training in several processes, which `torchrun` starts on CPUs or GPUs (notebook 05).

Every process holds the same networks and sees its own slice of each batch. The processes average
their gradients. With one process, every function here does nothing.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import distributed


@dataclass(frozen=True)
class Group:
    """This process's number (rank) among `size` processes."""

    rank: int = 0
    size: int = 1

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes files and shows progress."""
        return self.rank == 0

    def slice(self, batch: int) -> slice:
        """This process's part of a batch that all of them share."""
        share = batch // self.size
        return slice(self.rank * share, (self.rank + 1) * share)

    def average(self, tensors: Iterable[torch.Tensor]) -> None:
        """Replaces each tensor by its mean over the processes, in one message."""
        if self.size == 1:
            return
        tensors = list(tensors)
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        distributed.all_reduce(flat)
        flat /= self.size
        for tensor, mean in zip(tensors, flat.split([tensor.numel() for tensor in tensors])):
            tensor.copy_(mean.view(tensor.shape))

    def gather(self, value) -> list:
        """The value of each process, in order; all of them must ask."""
        values = [value] * self.size
        if self.size > 1:
            distributed.all_gather_object(values, value)
        return values

    def wait(self) -> None:
        """Waits until every process is here."""
        if self.size > 1:
            distributed.barrier()


def start_group(device: torch.device) -> Group:
    """Joins the processes started by torchrun; alone where there was no torchrun.

    Raises ValueError on MPS, where torch has nothing that lets processes talk.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Group()
    if device.type == "mps":
        raise ValueError("several processes cannot train on MPS: add --device cpu, or start one")
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Group(distributed.get_rank(), distributed.get_world_size())
