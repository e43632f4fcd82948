"""Training in several processes, which `torchrun` starts on CPUs or GPUs (notebook 05).

Every process holds the same networks and sees its own slice of each batch. The processes average
their gradients. With one process, every function here does nothing.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.distributed.nn.functional import all_reduce


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


class SynchronisedBatchNorm2d(nn.BatchNorm2d):
    """Batch norm over the batches of all processes; torch's SyncBatchNorm does not run on CPUs."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(images)
        images, dtype = images.float(), images.dtype
        count = images.numel() / images.shape[1] * distributed.get_world_size()
        moments = torch.stack([images.sum((0, 2, 3)), images.square().sum((0, 2, 3))])
        mean, mean_of_squares = all_reduce(moments) / count  # this all_reduce passes gradients back
        variance = mean_of_squares - mean.square()
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
            self.num_batches_tracked += 1
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shift = self.bias - mean * scale
        return (images * scale[:, None, None] + shift[:, None, None]).to(dtype)


def synchronise_batch_norm(network: nn.Module) -> None:
    """Makes every BatchNorm2d of the network a synchronised one, in place."""
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SynchronisedBatchNorm2d
