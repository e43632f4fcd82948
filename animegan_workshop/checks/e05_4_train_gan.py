"""Exercise 05.4: the whole training loop."""

import copy

import numpy as np
import torch

from animegan_helpers.networks import build_networks
from animegan_helpers.training import epoch_order
from animegan_workshop.checks.e05_1_d_step import step_of_d
from animegan_workshop.checks.e05_2_g_step import step_of_g
from animegan_workshop.checks.tools import demand, exercise, several, try_parts

EPOCHS, BATCH = 2, 2


def training_loop(game, faces, fixed_z, epochs, batch, seed=0):
    """Trains a game (G, D, opt_g, opt_d) in place -> history (steps, 4), samples, one an epoch."""
    G, D, opt_g, opt_d = game
    noise = torch.Generator().manual_seed(seed)
    whole = len(faces) // batch * batch
    history, samples = [], []
    for epoch in range(epochs):
        order = epoch_order(len(faces), seed, epoch)
        for start in range(0, whole, batch):
            real = faces[order[start : start + batch]]
            z = torch.randn(batch, 100, generator=noise)
            fake = G(z)
            loss_d, d_real, d_fake = step_of_d(D, opt_d, real, fake)
            loss_g = step_of_g(D, opt_g, fake)
            history.append([loss_d, loss_g, d_real, d_fake])
        G.eval()
        with torch.no_grad():
            samples.append(G(fixed_z))
        G.train()
    return np.array(history), samples


FAULTS = """
the last batch of an epoch is not full: leave it out :: 0, whole, => 0, len(faces),
    :: 0, whole, => 0, len(faces), && randn(batch => randn(len(real)
every entry of the samples is the same tensor: append a new one, or a clone
    :: samples.append(G(fixed_z)) => samples = [G(fixed_z)] * (epoch + 1)
each epoch has the same order: give epoch_order the epoch :: seed, epoch) => seed, 0)
G is left in eval mode: call G.train() after the samples :: G.train() => pass
the samples are drawn in train mode: call G.eval() first :: G.eval() => pass
the first epoch is epoch 0: give epoch_order the epoch, counted from 0
    :: seed, epoch) => seed, epoch + 1)
the faces are not shuffled: take them in the order of epoch_order
    :: epoch_order(len(faces), seed, epoch) => np.arange(len(faces))
the batches overlap: each begins where the last one ends :: 0, whole, batch => whole // batch
`seed` is not used: the generator of z and epoch_order get it :: noise = => seed = 0; noise =
    :: manual_seed(seed) => manual_seed(0) :: seed, epoch) => 0, epoch)
z must come from your own generator with this seed: generator=... :: , generator=noise =>
the noise starts again in each epoch: make its generator before the loops
    :: order = epoch => noise.manual_seed(seed); order = epoch
each step has the same z: make the generator of the noise before the loops
    :: z = torch => noise.manual_seed(seed); z = torch
G moves first: D's step comes before G's
    :: loss_g = step_of_g(D, opt_g, fake) => pass
    && loss_d, d_real, => loss_g = step_of_g(D, opt_g, fake); loss_d, d_real,
    :: loss_g = step_of_g(D, opt_g, fake) => pass
    && loss_d, d_real, => loss_g = step_of_g(D, opt_g, fake); fake = G(z); loss_d, d_real,
G's step is missing :: step_of_g(D, opt_g, fake) => 0.0
the fakes are detached before G's step, so G does not move :: G(z) => G(z).detach()
G's step gets new fakes: both steps get the same
    :: opt_g, fake) => opt_g, G(torch.randn(batch, 100, generator=noise)))
    :: opt_g, fake) => opt_g, G(torch.randn(batch, 100))) :: opt_g, fake) => opt_g, G(z))
the columns are D's loss, G's loss, D(x), D(G(z)), in this order
    :: [loss_d, loss_g, d_real, d_fake] => [loss_d, d_real, d_fake, loss_g]
    :: [loss_d, loss_g, d_real, d_fake] => [loss_g, loss_d, d_real, d_fake]
    :: [loss_d, loss_g, d_real, d_fake] => [loss_d, loss_g, d_fake, d_real]
the samples are not those of fixed_z: give G the same z after each epoch
    :: G(fixed_z) => G(torch.randn_like(fixed_z))
you train a copy of the game: train the networks that are given, in place
    :: = game => = copy.deepcopy(game)
"""


@exercise("05.4", training_loop)
def train_gan(answer, seed):
    """(game, faces, fixed_z, epochs, batch, seed=0) -> history (steps, 4), samples per epoch."""
    start = build_networks("dcgan", 100, 2)
    with torch.no_grad():
        for parameter in [*start[0].parameters(), *start[1].parameters()]:
            parameter.mul_(3)  # so that one picture differs from the next
    faces, fixed_z = torch.rand(5, 3, 64, 64) * 2 - 1, torch.randn(5, 100)

    def play(trains, count=5):
        torch.default_generator.manual_seed(seed + 1)  # not the run's own
        G, D = copy.deepcopy(start)
        game = G, D, *(torch.optim.SGD(network.parameters(), 0.03) for network in (G, D))
        history, samples = several(
            trains(
                game, faces.repeat(2, 1, 1, 1)[:count], fixed_z.clone(), EPOCHS, BATCH, seed + 3
            ),
            "two things, the history and the samples",
        )
        demand(isinstance(samples, (list, tuple)), "keep the samples in a list, one an epoch")
        pictures = len(samples) == EPOCHS and all(map(torch.is_tensor, samples))
        demand(pictures, "keep G's pictures of fixed_z after each epoch, the last one too")
        rows = "the history needs one row for each step, not one for each epoch"
        demand(np.shape(history)[:1] != (EPOCHS,), rows)
        demand(isinstance(history, np.ndarray), "return the history as an array: np.array(history)")
        graph = any(pictures.requires_grad for pictures in samples)
        demand(not graph, "the samples still hold their graph: draw them under torch.no_grad()")
        weights = torch.cat([p.detach().flatten() for p in [*G.parameters(), *D.parameters()]])
        parts = {"the history": history, "the samples": samples, "the trained weights": weights}
        return parts | {
            "how many networks are in train mode (none may be left in eval mode)": G.training
            + D.training
        }

    try_parts(answer, training_loop, play, FAULTS, 1e-3)
    rows = len(play(answer, 6)["the history"])  # with 6 faces the last batch is full
    demand(rows == 3 * EPOCHS, "a last batch that is full is left out: it counts")
    return f"the history, and the pictures of fixed_z after each of {EPOCHS} epochs"
