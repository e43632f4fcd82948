"""Exercise 04.8: a linear probe."""

import torch
from torch import nn
from torch.nn import functional as F

from animegan_workshop.checks.core import demand, exercise, numbers, shorten


def accuracy_of_probe(features, labels) -> float:
    """features (N, F), labels (N,) -> the share of the first fifth that is named right."""
    test = len(features) // 5
    spread = features[test:].std(0).clamp(min=1e-6)
    x = (features - features[test:].mean(0)) / spread
    model = nn.Linear(x.shape[1], int(labels.max()) + 1)
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(100):
        loss = F.cross_entropy(model(x[test:]), labels[test:])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return (model(x[:test]).argmax(1) == labels[:test]).float().mean().item()


@exercise("04.7", accuracy_of_probe)
def probe_accuracy(answer, seed):
    """features (N, F), labels (N,) -> the accuracy of a linear probe on the first fifth."""

    def accuracy(features, labels):
        share = numbers(answer(features.clone(), labels.clone()))
        single = share.size == 1
        demand(single, f"return one number, the share named right, not {shorten(share)}")
        demand(0 <= share <= 1, f"return a share from 0 to 1, not {share.item():.3g}")
        return share.item()

    labels = torch.randint(5, (200,))
    clear = F.one_hot(labels, 5) + 0.1 * torch.randn(200, 5)
    easy = accuracy(clear, labels)
    short = (
        f"labels that stand in the features are named right in {easy:.0%}: follow the loss longer"
    )
    demand(easy > 0.9, short)
    by_luck = accuracy(torch.randn(200, 200), torch.randint(5, (200,)))
    tested = f"random labels are named right in {by_luck:.0%}: test on faces not trained on"
    demand(by_luck < 0.45, tested)
    sized = torch.cat([0.001 * clear + 5, 100 * torch.randn(200, 20)], dim=1)
    small = accuracy(sized, labels)
    scaled = f"small features drown beside large ones ({small:.0%} right): standardise each column"
    demand(small > 0.8, scaled)
    constant = accuracy(torch.cat([clear, torch.ones(200, 1)], dim=1), labels)
    still = "a feature that never changes has spread 0: clamp the spread before you divide by it"
    demand(constant > 0.9, still)
    return "the probe is tested on faces that it has not seen"
