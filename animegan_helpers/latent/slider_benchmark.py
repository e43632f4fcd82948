"""How long a slider's event takes until the new picture is ready, in the kernel."""

import asyncio
import time

import numpy as np
import torch
from torch import nn

from animegan_helpers.gan.checkpoint import best_weights, load_weights
from animegan_helpers.gan.networks import build_networks
from animegan_helpers.latent.directions import random_directions
from animegan_helpers.latent.explorer import Explorer
from animegan_helpers.latent.reader import Reader
from animegan_helpers.measures.attributes import AttributeNetwork

BURST = 100  # events at once
LIMITS = "wanted: 1 face: median under 30, 95% under 60; 8 faces: median under 120"


def make_explorer(generator: nn.Module, discriminator: nn.Module | None, faces: int) -> Explorer:
    """An explorer with everything on: names of 22 values by an untrained network of the shipped size, D's verdict.

    What a network has learnt does not change its speed.
    """
    network = AttributeNetwork({"hair": [f"{k}" for k in range(12)], "eyes": [f"{k}" for k in range(10)]}).eval()
    reader = Reader(network.factors, lambda images: {f: p.softmax(1) for f, p in network(images).items()},
                    network.features, "untrained")  # fmt: skip
    directions = {f"direction {k}": d for k, d in enumerate(random_directions(8, generator.z_dim))}
    return Explorer(generator, directions, reader=reader, discriminator=discriminator, faces=faces)


async def slider_times(explorer: Explorer, events: int = 60) -> tuple[np.ndarray, int]:
    """(events,) milliseconds from a slider's message to the new PNG, and how often a burst of BURST events was drawn.

    set_state is what a message from the browser calls. Each event waits for its picture; those of the burst do not.
    Raises RuntimeError where it is not the last event of the burst that is on show.
    """
    finished, count, draw = asyncio.Event(), 0, explorer.redraw.action

    def draw_and_count() -> None:
        nonlocal count
        draw()
        count += 1
        finished.set()

    explorer.redraw.action = draw_and_count
    slider, times = explorer.controls["direction 0"], []
    for k in range(events + 5):  # the first few set things up
        finished.clear()
        start = time.perf_counter()
        slider.set_state({"value": 0.05 * (k % 90 + 1)})
        await finished.wait()
        times.append(1000 * (time.perf_counter() - start))
    count = 0
    for k in range(BURST):
        slider.set_state({"value": -0.04 * (k + 1)})
        await asyncio.sleep(0)  # the loop takes up the next message
    while explorer.redraw.timer is not None:
        await asyncio.sleep(0.01)
    if explorer.portrait.image.value != explorer.picture():
        raise RuntimeError("the last event of a burst is not the one on show")
    return np.array(times[5:]), count


def run_slider_benchmark(events: int = 60) -> str:
    """The table: milliseconds from event to PNG for the weights at hand and a generator of width 64, 1 face and 8.

    Tried for width 64 on 2 cores and left out: folding batch norm into the convolutions (no gain), channels_last
    (15%). One thread is used and not all: hardly slower on a free machine, several times faster on a busy one.
    """
    weights = load_weights(best_weights())
    wide_g, wide_d = (network.eval().requires_grad_(False) for network in build_networks(width=64))
    width = weights.about["config"]["width"]
    cases = {f"weights at hand (width {width})": (weights.generator, weights.discriminator),
             "width 64, untrained": (wide_g, wide_d)}  # fmt: skip
    lines = [f"slider's event to PNG in the kernel, names and D's verdict included; {torch.get_num_threads()} threads",
             "", f"{'milliseconds':34}{'faces':>6}{'median':>8}{'95%':>8}{f'burst of {BURST}':>16}"]  # fmt: skip
    for name, (generator, discriminator) in cases.items():
        for faces in (1, 8):
            times, pictures = asyncio.run(slider_times(make_explorer(generator, discriminator, faces), events))
            middle, high = np.median(times), np.quantile(times, 0.95)
            lines.append(f"{name:34}{faces:6}{middle:8.1f}{high:8.1f}{f'{pictures} pictures':>16}")
    return "\n".join([*lines, "", LIMITS])
