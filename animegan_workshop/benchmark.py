"""How fast this machine is: the training step beside a tutorial's loop; a face in a page."""

import os
import shutil
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
from animegan_helpers.checkpoint import load_weights, shipped_weights
from animegan_helpers.faces import load_faces
from animegan_helpers.latent import sample_latent
from animegan_helpers.networks import build_networks
from animegan_helpers.portrait import Portrait
from animegan_helpers.training import Trainer, TrainingConfig
from animegan_workshop.page.write import make_page

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


def matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second of a large matrix product, the most that a network can hope for."""
    size = 8192 if device.type == "cuda" else 2048
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    a @ b  # the first sets things up
    return max(steps_a_second(lambda: a @ b, 0.5) for _ in range(3)) * 2 * size**3


def operations_per_image(config: TrainingConfig) -> float:
    """Floating-point operations of one step for each picture of its batch, counted on our step."""
    images = np.zeros((config.batch, 3, 64, 64), np.uint8)
    trainer = Trainer(replace(config, precision="fp32", epochs=1), images, device="cpu")
    with FlopCounterMode(display=False) as counter:
        trainer.advance()
    return counter.get_total_flops() / config.batch


def run_benchmark(
    faces: str | None = None,
    width: int = 64,
    batch: int = 50,
    device: str | None = None,
) -> Iterator[str]:
    """Times each way to train and gives a line about it, as soon as it is known.

    Each is timed in turns with the textbook loop whose pictures lie in memory, so a ratio is of the
    same minute: ROUNDS turns a case, each of SECONDS.
    """
    where = choose_device(device)
    images = load_faces(faces, count=FACES, minimum=batch, progress=False).images
    config = TrainingConfig(width=width, batch=batch, epochs=10**4, precision="fp32")
    best = replace(config, precision=best_precision(where, width, batch))
    work = operations_per_image(config)
    yield f"{where.type}, width {width}, batch {batch}, {work / 1e9:.2f} GFLOP an image"
    yield f"{'':42}{'images/s':>10}{'beside the textbook loop':>27}"
    memory_loop = textbook_steps(from_memory(images, batch, where), width, where)
    with tempfile.TemporaryDirectory() as folder:
        file_loop = textbook_steps(from_files(images, Path(folder), batch), width, where)
        cases = {"textbook loop, ImageFolder and DataLoader": lambda: next(file_loop)}
        for each in dict.fromkeys((config, best)):  # one where bf16 is not faster
            cases[f"this workbook, {each.precision}"] = Trainer(each, images, device=where).advance
        rates = {}
        for name, step in cases.items():
            step(), next(memory_loop)  # the first steps set things up
            turns = [
                (steps_a_second(step, SECONDS), steps_a_second(lambda: next(memory_loop), SECONDS))
                for _ in range(ROUNDS)
            ]
            ours, textbook = np.median(turns, axis=0) * batch
            rates[name] = ours
            yield f"{name:42}{ours:10.0f}{ours / textbook:27.2f}"
        file_loop.close()  # ends its worker processes before their folder goes
    yield f"{'textbook loop, pictures in memory':42}{textbook:10.0f}{1:27.2f}"
    for precision, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        if reached := rates.get(f"this workbook, {precision}"):
            rate = matrix_rate(where, dtype)
            share = reached * work / rate
            yield f"{precision}: {share:.0%} of the matrix rate, {rate / 1e9:,.0f} GFLOP/s"


TIME_FACES = """async (count) => {
    await use('wasm', 1);
    const times = [];
    for (let k = 0; k < count; k++) {
        const start = performance.now();
        await network.draw(sampleLatent(about.zDim, k));
        times.push(performance.now() - start);
    }
    return times;
}"""


def find_chromium() -> str | None:
    """The browser that CHROMIUM names, or one that the system has."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, [os.environ.get("CHROMIUM"), *map(shutil.which, names)]), None)


def benchmark_page(count: int = 100) -> Iterator[str]:
    """Times a face in a page, in Chromium's WebAssembly, and one of notebook 06's sliders.

    Needs playwright and a Chromium. Raises ValueError where they are missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise ValueError("playwright is missing: pip install playwright") from None
    if (chromium := find_chromium()) is None:
        raise ValueError("no Chromium: install it, or set CHROMIUM to the path of one")
    path = shipped_weights("projected")
    weights = load_weights(path)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        file.write_text(make_page(weights, path)[0], encoding="utf-8")
        with playwright.chromium.launch(executable_path=chromium) as browser:
            page = browser.new_page()
            page.goto(file.as_uri())
            while not page.evaluate("settled"):
                page.wait_for_timeout(100)
            times = page.evaluate(TIME_FACES, count)
    yield f"a face of {path.stem} in a page: {np.median(times):.1f} ms (WebAssembly, one core)"
    portrait, times = Portrait(weights.generator), []
    for seed in range(count):
        z, start = sample_latent(1, weights.generator.z_dim, seed), time.perf_counter()
        portrait.draw(z)
        times.append(1_000 * (time.perf_counter() - start))
    yield f"and under the sliders of notebook 06: {np.median(times):.1f} ms (torch, with the PNG)"
