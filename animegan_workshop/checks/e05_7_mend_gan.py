"""Exercise 05.7: two bugs are planted in a training loop."""

import copy

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from animegan_helpers.networks import build_networks
from animegan_workshop.checks.core import close, compare, edited, exercise, several


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


FAULTS = {
    "both bugs are still there: look at the curves, then at the samples": (
        "G.parameters(), 5e-4, betas=(0.5, 0.999))\n"
        "    real_label, fake_label = torch.ones(batch), torch.zeros(batch) => "
        "D.parameters(), 5e-4, betas=(0.5, 0.999))\n"
        "    real_label, fake_label = torch.ones(batch), torch.ones(batch)"
    ),
    "one bug is still there: D learns that fakes are real": (
        "torch.zeros(batch) => torch.ones(batch)"
    ),
    "one bug is still there: G never moves": "Adam(G.parameters() => Adam(D.parameters()",
    "opt_g may hold G's parameters only: D's are in it too": (
        "Adam(G.parameters() => Adam([*G.parameters(), *D.parameters()]"
    ),
    "D's labels are swapped now: reals have 1, fakes have 0": (
        "bce(on_real, real_label) + bce(on_fake, fake_label) => "
        "bce(on_real, fake_label) + bce(on_fake, real_label)"
    ),
    "G's loss was right: G wants its fakes to have the label 1": (
        "bce(D(fake), real_label) => bce(D(fake), fake_label)"
    ),
    "D's optimiser was right: it holds D's weights": "Adam(D.parameters() => Adam(G.parameters()",
}


@exercise("05.9", mended)
def mend_gan(answer, seed):
    """(G, D, faces, fixed_z, epochs, batch) -> history (steps, 4), samples after each epoch."""
    start = build_networks("dcgan", 100, 2)
    faces, fixed_z = torch.rand(8, 3, 64, 64) * 2 - 1, torch.randn(3, 100)

    def play(trains):
        torch.manual_seed(seed)
        got = trains(*copy.deepcopy(start), faces.clone(), fixed_z.clone(), 3, 4)
        return several(got, "two things, the history and the samples")

    got, right = play(answer), play(mended)
    for k, what in enumerate(("the history", "the samples")):
        if not close(got[k], right[k], 1e-3):
            wrong = {words: play(edited(mended, edit))[k] for words, edit in FAULTS.items()}
            compare(got[k], right[k], wrong, f"{what} (change nothing but the bugs)", 1e-3)
    return "both bugs are gone"
