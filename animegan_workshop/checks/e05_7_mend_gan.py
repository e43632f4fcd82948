"""Exercise 05.7: two bugs are planted in a training loop."""

import copy

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from animegan_helpers.networks import build_networks
from animegan_workshop.checks.tools import exercise, several, try_parts


def mended(G, D, faces, fixed_z, epochs, batch):
    """Trains G and D in place -> history (steps, 4), samples of fixed_z after each epoch."""
    opt_d = torch.optim.Adam(D.parameters(), 2e-4, betas=(0.5, 0.999))
    opt_g = torch.optim.Adam(G.parameters(), 5e-4, betas=(0.5, 0.999))
    real_label, fake_label = torch.ones(batch), torch.zeros(batch)
    history, samples = [], []
    for _ in range(epochs):
        for real in faces[torch.randperm(len(faces))].split(batch):
            fake = G(torch.randn(batch, 100))
            on_real, on_fake = D(real), D(fake.detach())
            loss_d = bce(on_real, real_label) + bce(on_fake, fake_label)
            opt_d.zero_grad()
            loss_d.backward()
            opt_d.step()
            loss_g = bce(D(fake), real_label)
            opt_g.zero_grad()
            loss_g.backward()
            opt_g.step()
            verdicts = on_real.sigmoid().mean(), on_fake.sigmoid().mean()
            history.append([float(value.detach()) for value in (loss_d, loss_g, *verdicts)])
        with torch.no_grad():
            samples.append(copy.deepcopy(G).eval()(fixed_z))
    return np.array(history), samples


FAULTS = """
both bugs are still there: look at the curves, then at the samples
    :: torch.zeros => torch.ones && Adam(G => Adam(D
one bug is still there: D learns that fakes are real, label 1 :: torch.zeros => torch.ones
one bug is still there: G never moves, look at its optimiser opt_g :: Adam(G => Adam(D
opt_g may hold G's parameters only: D's are in it too
    :: Adam(G.parameters() => Adam([*G.parameters(), *D.parameters()]
the labels are swapped now: reals have 1, fakes have 0
    :: torch.ones(batch), torch.zeros(batch) => torch.zeros(batch), torch.ones(batch)
    :: bce(on_real, real_label) + bce(on_fake, fake_label)
    => bce(on_real, fake_label) + bce(on_fake, real_label)
G's loss was right: G wants its fakes to have the label 1
    :: bce(D(fake), real_label) => bce(D(fake), fake_label)
the optimisers are exchanged: opt_d holds D's weights, opt_g holds G's
    :: Adam(D => Adam(Q && Adam(G => Adam(D && Adam(Q => Adam(G
    :: opt_d = => opt_q = && opt_g = => opt_d = && opt_q = => opt_g =
G moves as before, but on detached fakes: nothing reaches it
    :: bce(D(fake), real_label) => bce(D(fake.detach()), real_label)
change nothing else: the labels were 1 and 0 :: torch.ones(batch) => torch.ones(batch) * 0.9
    :: torch.zeros(batch) => torch.zeros(batch) - 1
    :: torch.zeros(batch) => torch.zeros(batch) + 0.1
change nothing else: G's learning rate was 5e-4 :: 5e-4 => 2e-4 :: 5e-4 => 1e-3 :: 5e-4 => 1e-4
change nothing else: D's learning rate was 2e-4 :: 2e-4 => 5e-4 :: 2e-4 => 1e-4
change nothing else: the betas were 0.5 and 0.999 :: , betas=(0.5, 0.999) =>
    :: 5e-4, betas=(0.5, 0.999) => 5e-4 :: 2e-4, betas=(0.5, 0.999) => 2e-4
change nothing else: the random numbers had no seed of their own :: history, samples = [], []
    => torch.manual_seed(0); history, samples = [], []
change nothing else: the faces were shuffled :: faces[torch.randperm(len(faces))] => faces
change nothing else: a copy of G drew the samples in eval mode, and G stayed in train mode
    :: copy.deepcopy(G).eval() => G.eval() :: copy.deepcopy(G).eval() => G
change nothing else: G's step had the same fakes as D's, no new noise
    :: bce(D(fake), real_label) => bce(D(G(torch.randn(batch, 100))), real_label)
"""


@exercise("05.9", mended)
def mend_gan(answer, seed):
    """(G, D, faces, fixed_z, epochs, batch) -> history (steps, 4), samples after each epoch."""
    start = build_networks("dcgan", 100, 2)
    faces, fixed_z = torch.rand(4, 3, 64, 64) * 2 - 1, torch.randn(3, 100)

    def play(trains):
        torch.default_generator.manual_seed(seed + 7)
        got = trains(*copy.deepcopy(start), faces.clone(), fixed_z.clone(), 2, 2)
        parts = several(got, "two things, the history and the samples")
        words = "the history (change nothing else)", "the samples (change nothing else)"
        return dict(zip(words, parts))

    try_parts(answer, mended, play, FAULTS, 1e-3)
    return "both bugs are gone"
