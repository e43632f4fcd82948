"""How fast this machine trains: the course's step beside a tutorial's loop."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from torchvision import transforms
from torchvision.datasets import ImageFolder

from animegan_helpers.budget import best_precision, choose_device
from animegan_helpers.faces import load_faces
from animegan_helpers.networks import build_networks
from animegan_helpers.training import Trainer, TrainingConfig

FACES, ROUNDS, SECONDS = 1_000, 3, 2.0


def textbook_steps(
    batches: Iterator[torch.Tensor], width: int, device: torch.device
) -> Iterator[None]:
    """The loop of the tutorials, as a student would copy it, one step at a time."""
    generator, discriminator = (network.to(device) for network in build_networks(width=width))
    optimiser_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimiser_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    criterion = nn.BCEWithLogitsLoss()
    losses = []
    for real in batches:
        real = real.to(device)  # (B, 3, 64, 64)
        ones, zeros = torch.ones(len(real), device=device), torch.zeros(len(real), device=device)
        optimiser_d.zero_grad()
        fake = generator(torch.randn(len(real), 100, device=device))
        loss_d = criterion(discriminator(real), ones)
        loss_d = loss_d + criterion(discriminator(fake.detach()), zeros)
        loss_d.backward()
        optimiser_d.step()
        optimiser_g.zero_grad()
        loss_g = criterion(discriminator(fake), ones)
        loss_g.backward()
        optimiser_g.step()
        losses.append((loss_d.item(), loss_g.item()))
        yield


def from_files(images: np.ndarray, folder: Path, batch: int) -> Iterator[torch.Tensor]:
    """Batches from 96x96 JPEG files, decoded by two worker processes, epoch after epoch."""
    (folder / "faces").mkdir()
    for k, image in enumerate(images):
        picture = Image.fromarray(image.transpose(1, 2, 0)).resize((96, 96))
        picture.save(folder / "faces" / f"{k:05d}.jpg", quality=95)
    normalise = transforms.Normalize([0.5] * 3, [0.5] * 3)
    steps = [transforms.Resize(64), transforms.CenterCrop(64), transforms.ToTensor(), normalise]
    data = ImageFolder(folder, transforms.Compose(steps))
    loader = DataLoader(data, batch, shuffle=True, num_workers=2, drop_last=True)
    while True:
        for real, _ in loader:
            yield real


def from_memory(images: np.ndarray, batch: int, device: torch.device) -> Iterator[torch.Tensor]:
    """Batches of float images that all lie on the device already, epoch after epoch."""
    everything = torch.from_numpy(np.array(images)).float().div_(127.5).sub_(1).to(device)
    while True:
        for rows in torch.randperm(len(everything)).split(batch):
            if len(rows) == batch:
                yield everything[rows.to(device)]


def steps_a_second(step: Callable[[], object], seconds: float) -> float:
    """How often `step()` runs in a second, over about so many seconds."""
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step()
        count += 1
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
    return count / (time.perf_counter() - start)


def operations_per_image(config: TrainingConfig) -> float:
    """Floating-point operations of one step for each picture of its batch, counted on our step."""
    images = np.zeros((config.batch, 3, 64, 64), np.uint8)
    trainer = Trainer(replace(config, precision="fp32", epochs=1), images, device="cpu")
    with FlopCounterMode(display=False) as counter:
        trainer.advance()
    return counter.get_total_flops() / config.batch


def run_benchmark(width: int, batch: int, device: str | None = None) -> Iterator[str]:
    """Times each way to train and gives a line about it, as soon as it is known.

    Each is timed in turns with the textbook loop whose pictures lie in memory, so a ratio is of the
    same minute: ROUNDS turns a case, each of SECONDS.
    """
    where = choose_device(device)
    images = load_faces(count=FACES, minimum=batch, progress=False).images
    config = TrainingConfig(width=width, batch=batch, epochs=10**4, precision="fp32")
    best = replace(config, precision=best_precision(where, width, batch))
    work = operations_per_image(config)
    yield f"{where.type}, width {width}, batch {batch}, {work / 1e9:.2f} GFLOP an image"
    yield f"{'':42}{'images/s':>10}{'beside the textbook loop':>27}"
    memory_loop = textbook_steps(from_memory(images, batch, where), width, where)
    with tempfile.TemporaryDirectory() as folder:
        file_loop = textbook_steps(from_files(images, Path(folder), batch), width, where)
        cases = {
            "textbook loop, ImageFolder and DataLoader": lambda: next(file_loop),
            "this workbook, fp32": Trainer(config, images, device=where).advance,
        }
        if best != config:
            cases["this workbook, bf16"] = Trainer(best, images, device=where).advance
        for name, step in cases.items():
            step(), next(memory_loop)  # the first steps set things up
            turns = [
                (steps_a_second(step, SECONDS), steps_a_second(lambda: next(memory_loop), SECONDS))
                for _ in range(ROUNDS)
            ]
            ours, textbook = np.median(turns, axis=0) * batch
            yield f"{name:42}{ours:10.0f}{ours / textbook:27.2f}"
        file_loop.close()  # ends its worker processes before their folder goes
    yield f"{'textbook loop, pictures in memory':42}{textbook:10.0f}{1:27.2f}"
