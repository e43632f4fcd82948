"""One batch norm over the batches of several processes (`--synchronise-batch-norm`)."""

import torch
from torch import distributed, nn
from torch.distributed.nn.functional import all_reduce


class SynchronisedBatchNorm2d(nn.BatchNorm2d):
    """Batch norm over the batches of all processes; torch's SyncBatchNorm does not run on CPUs."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(images)
        images, dtype = images.float(), images.dtype
        count = images.numel() / images.shape[1] * distributed.get_world_size()
        mean = all_reduce(images.sum((0, 2, 3))) / count  # this all_reduce passes gradients back
        centred = images - mean[:, None, None]  # the mean of squares less the squared mean cancels
        variance = all_reduce(centred.square().sum((0, 2, 3))) / count
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
            self.num_batches_tracked += 1
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(dtype)


def synchronise_batch_norm(network: nn.Module) -> None:
    """Makes every BatchNorm2d of the network a synchronised one, in place."""
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SynchronisedBatchNorm2d
