"""Exercise 05.6: does D know its faces by heart?"""

import copy

import torch

from animegan_helpers.networks import build_networks
from animegan_workshop.checks.core import demand, exercise, try_cases


def own_above(D, own, new):
    """D's own faces (A, 3, 64, 64) and new ones (B, 3, 64, 64) -> how often an own one wins."""
    judge = copy.deepcopy(D).train()
    with torch.no_grad():
        on_own = torch.cat([judge(part) for part in own.split(25)])
        on_new = torch.cat([judge(part) for part in new.split(25)])
    return (on_own[:, None] > on_new).float().mean().item()


FAULTS = {
    "D judges in eval mode: it trained in train mode": "train() => eval()",
    "you give D all faces at once: batches of 25 are asked for": "split(25) => split(1000)",
    "that is the chance that a new face is higher": "[:, None] > on_new => [:, None] < on_new",
    "you compare one face with one: compare each own face with each new one": (
        "[:, None] > on_new => [:50] > on_new[:50]"
    ),
    "you compare with the mean of the others: count the pairs": (
        "[:, None] > on_new => > on_new.mean()",
        "on_own[:, None] > on_new => on_new < on_own.mean()",
    ),
    "that is the number of pairs: their share is asked for": ".float().mean() => .sum()",
    "that is the difference of the mean logits: count the pairs": (
        "(on_own[:, None] > on_new).float().mean() => (on_own.mean() - on_new.mean())"
    ),
}


@exercise("05.8", own_above)
def own_above_new(answer, seed):
    """(D, own faces, new faces) -> the share of all pairs in which the own face is higher."""
    D = build_networks("dcgan", 100, 2)[1]
    with torch.no_grad():
        for parameter in D.parameters():
            parameter.mul_(3)  # so that one logit differs from the next
    # each batch brighter than the last: so it matters which faces are judged together
    bright = torch.linspace(0.1, 1, 4).repeat_interleave(25)[:, None, None, None]
    faces = (torch.rand(175, 3, 64, 64) * 2 - 1) * torch.cat([bright[:75], bright])
    case = D, faces[:75], faces[75:]
    before = copy.deepcopy(D)
    got = answer(*case)
    kept = all(map(torch.equal, before.state_dict().values(), D.state_dict().values()))
    demand(kept, "D has changed: let a copy judge, for each pass moves batch norm's averages")
    demand(not getattr(got, "requires_grad", False), "judge under torch.no_grad()")
    try_cases(answer, own_above, [case], FAULTS)
    return "the share of all pairs, and D is as it was"
