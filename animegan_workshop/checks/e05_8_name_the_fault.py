"""Exercise 05.8: four histories without labels; name the fault."""

import copy

import numpy as np
import torch

from animegan_helpers.networks import initialise
from animegan_helpers.training import Trainer
from animegan_workshop.checks.e05_1_d_step import step_of_d
from animegan_workshop.checks.e05_2_g_step import step_of_g
from animegan_workshop.checks.e05_3_detach_question import spoken
from animegan_workshop.checks.tools import demand, exercise, shorten

CAUSES = (
    "healthy",
    "zero weights",
    "labels swapped",
    "G too fast",
    "D too slow",
    "fakes called real",
)
RUNS = {
    "A": ("labels swapped", "D(x) and D(G(z)): which of the two should be high?"),
    "B": ("zero weights", "one of the runs never moves: look at its curves and its pictures"),
    "C": ("G too fast", "are its pictures still faces, and how wildly does D(G(z)) swing?"),
    "D": ("healthy", "do its pictures still differ, and do both players still score?"),
}
"""Letter -> what was done, and where to look."""


def four_runs(trainer: Trainer, steps: int) -> dict[str, tuple[np.ndarray, torch.Tensor]]:
    """Four runs that go on from a finished one: letter -> history (steps, 4), eight samples.

    The trainer is left as it was. The columns are D's loss, G's loss, D(x), D(G(z)).
    """
    return {letter: _go_on(trainer, steps, cause) for letter, (cause, _) in RUNS.items()}


def _go_on(trainer: Trainer, steps: int, cause: str) -> tuple[np.ndarray, torch.Tensor]:
    config, device = trainer.config, trainer.device
    G, D = (copy.deepcopy(net).train() for net in (trainer.generator, trainer.discriminator))
    if cause == "zero weights":
        initialise(G, "zero"), initialise(D, "zero")
    rates = config.learning_rate_g * (10 if cause == "G too fast" else 1), config.learning_rate_d
    opt_g, opt_d = (
        torch.optim.Adam(network.parameters(), rate, (config.beta1, config.beta2))
        for network, rate in zip((G, D), rates)
    )
    noise = torch.Generator().manual_seed(1)
    shown = torch.randn(8, config.z_dim, generator=noise).to(device)
    order = np.random.default_rng(1).permutation(len(trainer.images))
    history = []
    for step in range(steps):
        rows = order[np.arange(step * config.batch, (step + 1) * config.batch) % len(order)]
        real = torch.from_numpy(trainer.images[rows]).to(device).float() / 127.5 - 1
        fake = G(torch.randn(config.batch, config.z_dim, generator=noise).to(device))
        if cause == "labels swapped":
            loss_d, d_fake, d_real = step_of_d(D, opt_d, fake.detach(), real)
        else:
            loss_d, d_real, d_fake = step_of_d(D, opt_d, real, fake)
        history.append([loss_d, step_of_g(D, opt_g, fake), d_real, d_fake])
    with torch.no_grad():
        return np.array(history), G.eval()(shown).cpu()


@exercise("05.10", {letter: cause for letter, (cause, _) in RUNS.items()})
def name_the_fault(answer, seed):
    """{"A": "healthy", ...}: what was done to each of the four runs."""
    found = spoken(answer, RUNS, "Name a cause for each of A to D.")
    for letter, (cause, hint) in RUNS.items():
        said = found[letter]
        demand(said in CAUSES, f"{letter}: choose one of {', '.join(CAUSES)}, not {shorten(said)}")
        demand(said == cause, f"run {letter} is not {said!r}: {hint}")
    return "all four"
