"""Exercise 05.6: does D know its faces by heart?"""

import copy

import torch

from animegan_helpers.networks import build_networks
from animegan_workshop.checks.tools import demand, exercise, try_cases


def own_above(D, own, new):
    """D's own faces (A, 3, 64, 64) and new ones (B, 3, 64, 64) -> how often an own one wins."""
    judge = copy.deepcopy(D).train()
    with torch.no_grad():
        logits = torch.cat([judge(part) for faces in (own, new) for part in faces.split(25)])
    on_own, on_new = logits.split([len(own), len(new)])
    return (on_own[:, None] > on_new).float().mean().item()


FAULTS = """
D judges in eval mode: it trained in train mode :: train() => eval() :: .train() =>
batches of 25 faces are asked for, yours have another size :: split(25) => split(1000)
    :: split(25) => split(32) :: split(25) => split(16) :: split(25) => split(50)
own and new faces went through D together: give it batches of one kind
    :: for faces in (own, new) for part in faces => for part in torch.cat([own, new])
the last batch is left out where it is not full: all faces count :: judge =
    => own, new = (faces[: len(faces) // 25 * 25] for faces in (own, new)); judge =
equal logits count as higher: > is asked for, not >= :: > on_new => >= on_new
a tie does not count, not even half
    :: (on_own[:, None] > on_new).float() => (on_own[:, None] - on_new).sign().add(1).div(2)
compare logits: where D is sure, sigmoids round to 1 and are tied
    :: on_own[:, None] > on_new => on_own.sigmoid()[:, None] > on_new.sigmoid()
your share is 0 for these faces: count the pairs, and divide with /, not with //
    :: .float().mean() => .float().mean().floor()
that is the chance that a new face is higher :: > on_new => < on_new
you compare one face with one: all A x B pairs are asked for
    :: [:, None] > on_new => [: len(new)] > on_new[: len(own)]
you compare with the mean of the others: count the pairs :: [:, None] > on_new => > on_new.mean()
    :: on_own[:, None] > on_new => on_own.mean() > on_new
compare the pairs: that is the share of own faces with a logit above 0 :: [:, None] > on_new => > 0
that is the number of pairs: their share is asked for :: .float().mean() => .sum()
that is the difference of two means: count the pairs
    :: (on_own[:, None] > on_new).float().mean() => (on_own.mean() - on_new.mean())
    :: (on_own[:, None] > on_new).float() => (on_own.sigmoid().mean() - on_new.sigmoid().mean())
"""


@exercise("05.8", own_above)
def own_above_new(answer, seed):
    """(D, own faces, new faces) -> the share of all pairs in which the own face is higher."""
    D = build_networks("dcgan", 100, 2)[1].eval()
    with torch.no_grad():
        for parameter in D.parameters():
            parameter.mul_(3)  # so that one logit differs from the next
        parameter.mul_(30)  # the last layer's: sigmoids of such logits round to 1
    # ever brighter, so it matters which faces are judged together; 25 are own and new, for ties
    faces = (torch.rand(105, 3, 64, 64) * 2 - 1) * torch.linspace(0.1, 1, 105)[:, None, None, None]
    case = D, faces[:60], faces[torch.cat([torch.arange(25), torch.arange(45, 105)])]
    before = copy.deepcopy(D)
    got = answer(*case)
    kept = all(map(torch.equal, before.state_dict().values(), D.state_dict().values()))
    demand(kept, "D has changed: let a copy judge, for each pass moves batch norm's averages")
    demand(not D.training, "D is left in train mode, it came in eval mode: let a copy judge")
    demand(not getattr(got, "requires_grad", False), "judge under torch.no_grad()")
    try_cases(answer, own_above, [case], FAULTS)
    demand(not torch.is_tensor(got), "return a plain float, not a tensor: .item()")
    return "the share of all pairs, and D is as it was"
