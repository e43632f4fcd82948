"""How fast the training step is on this machine, beside the loop that every tutorial shows."""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from torchvision import transforms
from torchvision.datasets import ImageFolder

from animegan_helpers.budget import choose_device
from animegan_helpers.faces import load_faces
from animegan_helpers.networks import build_networks
from animegan_helpers.training import Trainer, TrainingConfig


def textbook_losses(
    batches: Iterator[torch.Tensor], width: int, device: torch.device
) -> Iterator[tuple[float, float]]:
    """The loop of the tutorials, as a student would copy it: gives D's and G's loss after each step."""
    generator, discriminator = (network.to(device) for network in build_networks(width=width))
    optimiser_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimiser_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    criterion = nn.BCEWithLogitsLoss()
    for real in batches:
        real = real.to(device)  # (B, 3, 64, 64)
        ones, zeros = torch.ones(len(real), device=device), torch.zeros(len(real), device=device)
        optimiser_d.zero_grad()
        fake = generator(torch.randn(len(real), 100, device=device))
        loss_d = criterion(discriminator(real), ones) + criterion(
            discriminator(fake.detach()), zeros
        )
        loss_d.backward()
        optimiser_d.step()
        optimiser_g.zero_grad()
        loss_g = criterion(discriminator(fake), ones)
        loss_g.backward()
        optimiser_g.step()
        yield loss_d.item(), loss_g.item()


def from_files(folder: Path, batch: int) -> Iterator[torch.Tensor]:
    """Batches of the JPEG files in a folder, decoded by two worker processes, epoch after epoch."""
    normalise = transforms.Normalize([0.5] * 3, [0.5] * 3)
    steps = transforms.Compose(
        [transforms.Resize(64), transforms.CenterCrop(64), transforms.ToTensor(), normalise]
    )
    loader = DataLoader(
        ImageFolder(folder, steps), batch, shuffle=True, num_workers=2, drop_last=True
    )
    while True:
        for real, _ in loader:
            yield real


def from_memory(images: np.ndarray, batch: int, device: torch.device) -> Iterator[torch.Tensor]:
    """Batches of float images that all lie on the device already."""
    everything = torch.from_numpy(np.array(images)).float().div_(127.5).sub_(1).to(device)
    while True:
        for rows in torch.randperm(len(everything)).split(batch):
            if len(rows) == batch:
                yield everything[rows.to(device)]


def write_jpegs(images: np.ndarray, folder: Path) -> None:
    """The faces as 96x96 JPEG files of quality 95, in the layout that ImageFolder wants."""
    (folder / "faces").mkdir(parents=True)
    for k, image in enumerate(images):
        Image.fromarray(image.transpose(1, 2, 0)).resize((96, 96)).save(
            folder / "faces" / f"{k:05d}.jpg", quality=95
        )


def many_faces(images: np.ndarray, folder: Path, count: int = 70_000) -> np.ndarray:
    """`count` pictures in a memory-mapped file, the given ones over and over: a set larger than most."""
    faces = np.lib.format.open_memmap(folder / "many.npy", "w+", np.uint8, (count, 3, 64, 64))
    for start in range(0, count, len(images)):
        faces[start : start + len(images)] = images[: count - start]
    faces.flush()
    return np.load(folder / "many.npy", mmap_mode="r")


def steps_a_second(step, seconds: float) -> float:
    """How often `step()` runs in a second, over about so many seconds."""
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step()
        count += 1
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
    return count / (time.perf_counter() - start)


def matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second of a large matrix product, the most that a network can hope for."""
    size = 8192 if device.type == "cuda" else 2048
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    for _ in range(2):
        a @ b
    return max(steps_a_second(lambda: a @ b, 0.7) for _ in range(3)) * 2 * size**3


def operations_per_image(width: int, batch: int) -> float:
    """Floating-point operations of one step for each picture of its batch, counted on our step."""
    images = np.zeros((batch, 3, 64, 64), np.uint8)
    trainer = Trainer(
        TrainingConfig(width=width, batch=batch, epochs=2, precision="fp32"), images, device="cpu"
    )
    with FlopCounterMode(display=False) as counter:
        trainer.advance()
    return counter.get_total_flops() / batch


def peak_memory() -> str:
    """The most memory this process has held."""
    if torch.cuda.is_available():
        return f"{torch.cuda.max_memory_allocated() / 2**20:,.0f} MiB on the GPU"
    try:
        import resource
    except ImportError:  # Windows
        return "not known on this system"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{peak / (2**20 if sys.platform == 'darwin' else 2**10):,.0f} MiB"  # macOS counts bytes, Linux KiB


def run_benchmark(
    faces: str | None = None,
    width: int = 64,
    batch: int = 50,
    seconds: float = 10.0,
    device: str | None = None,
    rounds: int = 3,
) -> str:
    """The table: images a second of each loop, in turns, the median of the rounds."""
    where = choose_device(device)
    images = load_faces(faces, count=2_000, minimum=batch).images
    config = TrainingConfig(width=width, batch=batch, epochs=10**4)
    with tempfile.TemporaryDirectory(
        ignore_cleanup_errors=True
    ) as folder:  # Windows keeps a mapped file
        write_jpegs(images, Path(folder))
        best = Trainer(config, images[:], device=where)
        plain = Trainer(
            TrainingConfig(**vars(config) | {"precision": "fp32"}), images, device=where
        )
        shorter = TrainingConfig(**vars(config) | {"precision": best.precision, "epochs": 10**3})
        large = Trainer(shorter, many_faces(images, Path(folder)), device=where)
        file_loop = textbook_losses(from_files(Path(folder), batch), width, where)
        memory_loop = textbook_losses(from_memory(images, batch, where), width, where)
        rows = {
            "textbook loop, ImageFolder and DataLoader": lambda: next(file_loop),
            "textbook loop, pictures in memory": lambda: next(memory_loop),
            "ours, fp32": plain.advance,
            f"ours, {best.precision} (the faster here)": best.advance,
            f"ours, {best.precision}, on 70,000 pictures": large.advance,
        }
        speeds = {name: [] for name in rows}
        for step in rows.values():
            step(), step()
        for _ in range(rounds):
            for name, step in rows.items():
                speeds[name].append(steps_a_second(step, seconds) * batch)
        file_loop.close()
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    textbook, cached = list(medians.values())[:2]
    lines = [
        f"{where.type}, width {width}, batch {batch}; median of {rounds} rounds of {seconds:.0f} s, in turns",
        "",
    ]
    lines.append(f"{'':44}{'images/s':>10}{'/ loader':>10}{'/ memory':>10}")
    lines += [
        f"{name:44}{v:10.0f}{v / textbook:10.2f}{v / cached:10.2f}" for name, v in medians.items()
    ]
    work = operations_per_image(width, batch)
    lines += ["", f"operations an image: {work / 1e9:.2f} GFLOP"]
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        rate = matrix_rate(where, dtype)
        row = "ours, fp32" if name == "fp32" else list(medians)[3]
        achieved = f", reached {medians[row] * work / rate:.0%}" if name in row else ""
        lines.append(f"matrix rate in {name}: {rate / 1e9:,.0f} GFLOP/s{achieved}")
    lines.append(f"peak memory: {peak_memory()}")
    return "\n".join(lines)
