"""Exercise 05.4: the whole training loop."""

import copy

import numpy as np
import torch

from animegan_helpers.networks import build_networks
from animegan_helpers.training import epoch_order
from animegan_workshop.checks.core import close, compare, demand, each, edited, exercise, several
from animegan_workshop.checks.e05_1_d_step import step_of_d
from animegan_workshop.checks.e05_2_g_step import step_of_g

EPOCHS, BATCH = 3, 4


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
            fake = G(torch.randn(batch, 100, generator=noise))
            loss_d, d_real, d_fake = step_of_d(D, opt_d, real, fake)
            loss_g = step_of_g(D, opt_g, fake)
            history.append([loss_d, loss_g, d_real, d_fake])
        G.eval()
        with torch.no_grad():
            samples.append(G(fixed_z))
        G.train()
    return np.array(history), samples


COLUMNS = "[loss_d, loss_g, d_real, d_fake]"
D_FIRST = (
    "loss_d, d_real, d_fake = step_of_d(D, opt_d, real, fake)\n"
    "            loss_g = step_of_g(D, opt_g, fake)"
)
FAULTS = {
    "the last batch of an epoch is not full: leave it out": "0, whole, => 0, len(faces),",
    "each epoch has the same order: give epoch_order the epoch": "seed, epoch) => seed, 0)",
    "the faces are not shuffled: take them in the order of epoch_order": (
        "epoch_order(len(faces), seed, epoch) => np.arange(len(faces))"
    ),
    "the noise starts again in each epoch: make its generator before the loops": (
        "order = epoch => noise.manual_seed(seed); order = epoch"
    ),
    "each step has the same z: make the generator of the noise before the loops": (
        "fake = G => noise.manual_seed(seed); fake = G"
    ),
    "G moves first: D's step comes before G's": (
        f"{D_FIRST} => {'; '.join(line.strip() for line in reversed(D_FIRST.splitlines()))}"
    ),
    "G's step is missing": "step_of_g(D, opt_g, fake) => 0.0",
    "G's step gets new fakes: both steps get the same": (
        "step_of_g(D, opt_g, fake) => step_of_g(D, opt_g, G(torch.randn(batch, 100)))",
        "step_of_g(D, opt_g, fake) => "
        "step_of_g(D, opt_g, G(torch.randn(batch, 100, generator=noise)))",
    ),
    "the columns are D's loss, G's loss, D(x), D(G(z)), in this order": (
        f"{COLUMNS} => [loss_d, d_real, d_fake, loss_g]",
        f"{COLUMNS} => [loss_g, loss_d, d_real, d_fake]",
        f"{COLUMNS} => [loss_d, loss_g, d_fake, d_real]",
    ),
    "G is left in eval mode: call G.train() after the samples": "G.train() => pass",
    "the samples are drawn in train mode: call G.eval() first": "G.eval() => pass",
    "the samples are not those of fixed_z: give G the same z after each epoch": (
        "G(fixed_z) => G(torch.randn_like(fixed_z))"
    ),
}


@exercise("05.4", training_loop)
def train_gan(answer, seed):
    """(game, faces, fixed_z, epochs, batch, seed=0) -> history (steps, 4), samples per epoch."""
    start = build_networks("dcgan", 100, 2)
    with torch.no_grad():
        for parameter in [*start[0].parameters(), *start[1].parameters()]:
            parameter.mul_(3)  # so that one picture differs from the next
    faces, fixed_z = torch.rand(14, 3, 64, 64) * 2 - 1, torch.randn(5, 100)

    def play(trains):
        torch.manual_seed(seed)
        G, D = copy.deepcopy(start)
        game = G, D, *(torch.optim.SGD(network.parameters(), 0.3) for network in (G, D))
        return trains(game, faces.clone(), fixed_z.clone(), EPOCHS, BATCH, seed), (G, D)

    got, (G, D) = play(answer)
    history, samples = several(got, "two things, the history and the samples")
    demand(np.shape(history)[:1] != (EPOCHS,), "the history needs a row a step, not one an epoch")
    pictures = isinstance(samples, (list, torch.Tensor)) and all(map(torch.is_tensor, samples))
    demand(pictures and len(samples) == EPOCHS, "keep G's pictures of fixed_z after each epoch")
    graph = any(pictures.requires_grad for pictures in samples)
    demand(not graph, "the samples still hold their graph: draw them under torch.no_grad()")
    (right, _) = play(training_loop)
    for k, what in enumerate(("the history", "the samples")):
        if not close(got[k], right[k], 1e-3):
            wrong = {
                sentence: tuple(play(edited(training_loop, edit))[0][k] for edit in each(edits))
                for sentence, edits in FAULTS.items()
            }
            compare(got[k], right[k], wrong, what, 1e-3)
    demand(G.training and D.training, "a network is left in eval mode: call train() at the end")
    return f"{len(history)} steps, and the pictures of fixed_z after each of {EPOCHS} epochs"
