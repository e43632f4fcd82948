"""The checks of the exercises: right answers pass in several forms, each wrong one is told what is wrong with it.

Here the exercises on numbers; test_checks_networks.py has those on networks and on the training step.
"""

import re
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from animegan_helpers import modes, toy
from animegan_workshop import checks
from animegan_workshop.checks.core import PACKAGE, exercise
from animegan_workshop.teaching.notebooks import notebook_paths


def share(counts):
    return counts / counts.sum()


def unit(v):
    return v / v.norm()


RIGHT = [
    (checks.normalise, lambda levels: torch.tensor(levels, dtype=torch.float32) * (2 / 255) - 1),
    (checks.normalise, lambda levels: torch.from_numpy(levels).float().sub(127.5).div(127.5)),
    (checks.to_levels, lambda x: ((x.clamp(-1, 1) + 1) * 127.5 + 0.5).to(torch.uint8)),
    (
        checks.to_levels,
        lambda x: np.clip(np.rint((x.numpy() + 1) / 2 * 255), 0, 255).astype("uint8"),
    ),
    (
        checks.effective_number,
        lambda v: 2 ** sum(-p * np.log2(p) for p in [np.mean(v == u) for u in set(v)]),
    ),
    (checks.best_discriminator, lambda p, q: 1 / (1 + q / p)),
    (checks.best_discriminator, lambda p, q: (p.log() - q.log()).sigmoid()),
    (checks.modes_and_quality, lambda s, c, std: _by_loop(s, c, std)),
    (
        checks.size_formula,
        lambda h, k, s, p, extra=0: (
            F.conv_transpose2d(
                torch.zeros(1, 1, h, h),
                torch.zeros(1, 1, k, k),
                stride=s,
                padding=p,
                output_padding=extra,
            ).shape[2]
            if extra < s
            else (h - 1) * s + k - 2 * p + extra
        ),
    ),
    (
        checks.transposed_convolution,
        lambda x, k, s: F.conv_transpose2d(
            torch.tensor(x)[None, None], torch.tensor(k)[None, None], stride=s
        )[0, 0].numpy(),
    ),
    (
        checks.receptive_field,
        lambda layers: [
            1
            + sum(
                (k - 1) * int(np.prod([s for _, s in layers[:j]]))
                for j, (k, _) in enumerate(layers[: n + 1])
            )
            for n in range(len(layers))
        ],
    ),
    (checks.slerp, lambda a, b, t: _by_rotation(a, b, t)),
    (
        checks.named_direction,
        lambda z, has: F.normalize(
            z[torch.tensor(has)].mean(0) - z[~torch.tensor(has)].mean(0), dim=0
        ),
    ),
    (checks.modes_covered, lambda c, least=1: sum(1 for value in c if value >= least)),
    (
        checks.kl,
        lambda s, d: float(
            F.kl_div(
                torch.tensor(share(d + 0.5)).log(), torch.tensor(share(s + 0.5)), reduction="sum"
            )
        ),
    ),
    (
        checks.runs_apart,
        lambda a, b: next((s for s in (1, -1) if (s * a).min() > (s * b).max()), 0),
    ),
    (checks.density_and_coverage, lambda r, f, k: _by_torch(torch.tensor(r), torch.tensor(f), k)),
]


def _by_loop(samples, centres, std):
    good = [
        min(range(len(centres)), key=lambda k: (x - centres[k]).norm())
        for x in samples
        if (x - centres).norm(dim=1).min() <= 3 * std
    ]
    return len(set(good)), len(good) / len(samples)


def _by_rotation(a, b, t):
    u, long = unit(a), (1 - t) * a.norm() + t * b.norm()
    side = unit(b) - torch.dot(unit(b), u) * u
    if side.norm() < 1e-3:
        return torch.lerp(a, b, t)
    angle = torch.dot(u, unit(b)).acos() * t
    return long * (angle.cos() * u + angle.sin() * unit(side))


def _by_torch(real, fake, k):
    reach = torch.cdist(real, real).kthvalue(k + 1, dim=1).values
    inside = torch.cdist(real, fake) <= reach[:, None]
    return inside.float().sum().item() / k / len(fake), inside.any(1).float().mean().item()


@pytest.mark.parametrize("check, answer", RIGHT)
def test_other_right_answers_pass(check, answer, capsys):
    check(answer)
    check(answer, seed=7)
    assert capsys.readouterr().out.startswith("Right: ")


def _std(x):
    return (x - x.mean()) / x.std()


def _stretch(levels):
    x = torch.from_numpy(levels).float()
    return (x - x.min()) / (x.max() - x.min()).clamp(min=1) * 2 - 1


def _entropy(v):
    p = np.unique(v, return_counts=True)[1] / len(v)
    return float(-(p * np.log(p)).sum())


def _distance(s, c):
    return torch.cdist(s, c).min(1)


def _modes_of(nearest):
    return len(nearest.unique())


def _stamps(x, k, s, put=None, turn=lambda k: k, start=None):
    y = np.zeros(((len(x) - 1) * s + len(k),) * 2)
    n = len(k)
    for i, j in np.ndindex(x.shape):
        place = slice(i * s, i * s + n), slice(j * s, j * s + n)
        y[place] = x[i, j] * turn(k) + (0 if put == "=" else y[place])
    return y


def _windows(x, k, s):
    n = len(x) - len(k) + 1
    return np.array(
        [[np.sum(x[i : i + len(k), j : j + len(k)] * k) for j in range(n)] for i in range(n)]
    )


def _stride_ignored(x, k, s):
    y = np.zeros(((len(x) - 1) * s + len(k),) * 2)
    y[: len(x) - 1 + len(k), : len(x) - 1 + len(k)] = _stamps(x, k, 1)
    return y


def _field(layers, add, first=1):
    field, step, found = first, 1, []
    for k, s in layers:
        field += add(k, s, step)
        step *= s
        found.append(field)
    return found


def _late_step(layers):
    field, step, found = 1, 1, []
    for k, s in layers:
        step *= s
        field += (k - 1) * step
        found.append(field)
    return found


def _arc(a, b, t, angle=None, divide=True):
    angle = torch.acos(torch.dot(unit(a), unit(b))) if angle is None else angle
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / (
        torch.sin(angle) if divide else 1
    )


def _means(z, has):
    return z[torch.tensor(has)].mean(0), z[~torch.tensor(has)].mean(0)


def _balls(r, f, k):
    own = np.sort(np.linalg.norm(r[:, None] - r, axis=-1), axis=1)
    return np.linalg.norm(r[:, None] - f, axis=-1), own


def _dc(r, f, k, density=None, coverage=None, shift=0):
    across, own = _balls(r, f, k)
    inside = across <= own[:, [k - shift]]
    return (
        inside.sum() / (k * len(f)) if density is None else density(inside),
        inside.any(1).mean() if coverage is None else coverage(inside),
    )


P, Q = (lambda s, d: share(s + 0.5)), (lambda s, d: share(d + 0.5))

WRONG = [
    (checks.normalise, lambda v: torch.from_numpy(v).float() / 255, "run from 0 to 1"),
    (checks.normalise, lambda v: torch.from_numpy(v).float() / 255 - 0.5, "-0.5 to 0.5"),
    (checks.normalise, lambda v: torch.from_numpy(v).float() / 128 - 1, "0.992"),
    (checks.normalise, lambda v: _std(torch.from_numpy(v).float()), "spread of this batch"),
    (checks.normalise, _stretch, "smallest or largest level"),
    (
        checks.normalise,
        lambda v: torch.from_numpy(v * np.uint8(2)).float() / 255 - 1,
        "no room for 256",
    ),
    (checks.normalise, lambda v: torch.from_numpy(v).double() / 127.5 - 1, "float32"),
    (checks.normalise, lambda v: v / 127.5 - 1, "torch tensor"),
    (
        checks.normalise,
        lambda v: torch.from_numpy(v).float().flatten() / 127.5 - 1,
        "shape must stay",
    ),
    (checks.normalise, lambda v: 1 - torch.from_numpy(v).float() / 127.5, "swapped"),
    (checks.normalise, lambda v: None, "returns None"),
    (
        checks.to_levels,
        lambda x: ((x + 1) * 127.5).to(torch.uint8).numpy(),
        "cuts off the decimals",
    ),
    (checks.to_levels, lambda x: ((x + 1) / 2).numpy(), "from 0 to 1"),
    (checks.to_levels, lambda x: (x * 127.5).round().to(torch.uint8).numpy(), "add 1 before"),
    (checks.to_levels, lambda x: ((x + 1) * 127.5).round().numpy(), "stored as uint8"),
    (checks.to_levels, lambda x: ((x + 1) * 127.5).numpy(), "not whole numbers"),
    (checks.to_levels, lambda x: ((x + 1) * 127.5).round().to(torch.uint8).numpy(), "clamp"),
    (checks.to_levels, lambda x: ((x + 1) * 128).round().to(torch.uint8).numpy(), "not by 128"),
    (checks.effective_number, _entropy, "entropy H itself"),
    (checks.effective_number, lambda v: len(set(v)), "how many different values"),
    (checks.effective_number, lambda v: np.exp(-_entropy(v)), "lost its minus sign"),
    (checks.effective_number, lambda v: np.exp(_entropy(v) / np.log(2)), "are mixed"),
    (checks.effective_number, lambda v: 2 ** _entropy(v), "are mixed"),
    (checks.effective_number, lambda v: 1 / sum(np.mean(v == u) ** 2 for u in set(v)), "Simpson"),
    (
        checks.effective_number,
        lambda v: np.exp(-sum(c * np.log(c) for c in np.unique(v, return_counts=True)[1])),
        "counts for shares",
    ),
    (checks.best_discriminator, lambda p, q: q / (p + q), "share of fakes"),
    (checks.best_discriminator, lambda p, q: p / q, "odds"),
    (checks.best_discriminator, lambda p, q: (p / q).log(), "logit"),
    (checks.best_discriminator, lambda p, q: (p > q).float(), "hard 0 or 1"),
    (checks.best_discriminator, lambda p, q: p, "p alone"),
    (checks.best_discriminator, lambda p, q: p - q, "negative where fakes prevail"),
    (
        checks.modes_and_quality,
        lambda s, c, d: (_modes_of(_distance(s, c)[1]), 1.0),
        "every sample as good",
    ),
    (
        checks.modes_and_quality,
        lambda s, c, d: (_modes_of(_distance(s, c)[1]), _by_loop(s, c, d)[1]),
        "stray samples",
    ),
    (checks.modes_and_quality, lambda s, c, d: _by_loop(s, c, d / 3), "allow 1 standard deviation"),
    (checks.modes_and_quality, lambda s, c, d: _by_loop(s, c, d * d), "3 times the variance"),
    (
        checks.modes_and_quality,
        lambda s, c, d: (5, int((_distance(s, c)[0] <= 3 * d).sum())),
        "divide by the number",
    ),
    (checks.modes_and_quality, lambda s, c, d: (5, 100 * _by_loop(s, c, d)[1]), "percent"),
    (checks.modes_and_quality, lambda s, c, d: _by_loop(s, c, d)[::-1], "swapped"),
    (
        checks.modes_and_quality,
        lambda s, c, d: (len(c), _by_loop(s, c, d)[1]),
        "reach them or not|stray samples",
    ),
    (checks.modes_and_quality, lambda s, c, d: _by_loop(s, c, d)[1], "return two things"),
    (checks.transposed_convolution, lambda x, k, s: _stamps(x, k, s, put="="), r"add them up"),
    (
        checks.transposed_convolution,
        lambda x, k, s: _stamps(x, k, s, turn=lambda k: k[::-1, ::-1]),
        "180 degrees",
    ),
    (
        checks.transposed_convolution,
        lambda x, k, s: _stamps(x, k, s, turn=lambda k: k.T),
        "kernel is transposed",
    ),
    (checks.transposed_convolution, lambda x, k, s: _stamps(x.T, k, s), "swapped"),
    (checks.transposed_convolution, _windows, "gathers"),
    (checks.transposed_convolution, _stride_ignored, "one pixel apart"),
    (checks.transposed_convolution, lambda x, k, s: _stamps(x, k, 1), r"the last stamp starts"),
    (
        checks.transposed_convolution,
        lambda x, k, s: _stamps(np.ones_like(x), k, s),
        "multiplied by its input",
    ),
    (
        checks.transposed_convolution,
        lambda x, k, s: np.zeros((len(x) * s,) * 2),
        "the last stamp starts",
    ),
    (
        checks.size_formula,
        lambda h, k, s, p, extra=0: (h + 2 * p - k) // s + 1,
        "ordinary convolution",
    ),
    (checks.size_formula, lambda h, k, s, p, extra=0: h * s - 2 * p + k + extra, "not at h s"),
    (checks.size_formula, lambda h, k, s, p, extra=0: (h - 1) * s - p + k + extra, "both sides"),
    (
        checks.size_formula,
        lambda h, k, s, p, extra=0: (h - 1) * s + 2 * p + k + extra,
        "smaller, not larger",
    ),
    (
        checks.size_formula,
        lambda h, k, s, p, extra=0: (h - 1) * s - 2 * p + k,
        "`extra` is missing",
    ),
    (checks.size_formula, lambda h, k, s, p, extra=0: 2 * h, "doubles the side"),
    (
        checks.size_formula,
        lambda h, k, s, p, extra=0: ((h - 1) * s - 2 * p + k + extra) / 1,
        "whole number",
    ),
    (checks.size_formula, lambda h, k, s, p: (h - 1) * s - 2 * p + k, "TypeError"),
    (checks.receptive_field, lambda layers: _field(layers, lambda k, s, j: k * j), "not k"),
    (checks.receptive_field, _late_step, "renew it after"),
    (
        checks.receptive_field,
        lambda layers: _field(layers, lambda k, s, j: (k - 1) * s),
        "not the stride of one layer",
    ),
    (
        checks.receptive_field,
        lambda layers: _field(layers, lambda k, s, j: k - 1),
        "strides are missing",
    ),
    (
        checks.receptive_field,
        lambda layers: _field(layers, lambda k, s, j: (k - 1) * j, 0),
        "start from 1",
    ),
    (
        checks.receptive_field,
        lambda layers: checks.receptive_field.ours(layers)[-1:],
        "after every layer",
    ),
    (
        checks.receptive_field,
        lambda layers: checks.receptive_field.ours(layers)[-1],
        "return a list",
    ),
    (checks.slerp, lambda a, b, t: torch.lerp(a, b, t), "straight line: at share"),
    (
        checks.slerp,
        lambda a, b, t: unit(torch.lerp(a, b, t)) * ((1 - t) * a.norm() + t * b.norm()),
        "nan|stretched",
    ),
    (checks.slerp, lambda a, b, t: _arc(b, a, t), "start and end are swapped"),
    (
        checks.slerp,
        lambda a, b, t: _arc(a, b, t, torch.rad2deg(torch.acos(torch.dot(unit(a), unit(b))))),
        "degrees",
    ),
    (checks.slerp, lambda a, b, t: unit(_arc(a, b, t)), "length 1"),
    (
        checks.slerp,
        lambda a, b, t: _arc(a, b, t, torch.acos(torch.dot(a, b).clamp(-1, 1))),
        "angle is wrong|nan",
    ),
    (checks.slerp, lambda a, b, t: _arc(a, b, t, divide=False), "divide by the sine"),
    (checks.slerp, lambda a, b, t: _arc(a, b, t), "nan"),
    (checks.named_direction, lambda z, h: unit(_means(z, h)[1] - _means(z, h)[0]), "other way"),
    (checks.named_direction, lambda z, h: _means(z, h)[0] - _means(z, h)[1], "not of length 1"),
    (
        checks.named_direction,
        lambda z, h: unit(_means(z, h)[0]),
        "subtract that of the faces without",
    ),
    (
        checks.named_direction,
        lambda z, h: unit(z[torch.tensor(h)].sum(0) - z[~torch.tensor(h)].sum(0)),
        "sums for means",
    ),
    (
        checks.named_direction,
        lambda z, h: unit(z[torch.tensor(h)].mean(1)[:20]),
        "not the normalised difference",
    ),
    (checks.named_direction, lambda z, h: z.mean(1), "dim 0"),
    (
        checks.named_direction,
        lambda z, h: unit(z[: h.sum()].mean(0) - z[h.sum() :].mean(0)),
        "pick them by has_it",
    ),
    (
        checks.named_direction,
        lambda z, h: (lambda d: d / d.abs().sum())(_means(z, h)[0] - _means(z, h)[1]),
        "by the length",
    ),
    (checks.modes_covered, lambda c, least=1: len(c), "covered or not"),
    (checks.modes_covered, lambda c, least=1: c.sum(), "how many samples"),
    (checks.modes_covered, lambda c, least=1: (c > 0).sum(), "`least` is not used"),
    (checks.modes_covered, lambda c, least=1: (c > least).sum(), ">=, not >"),
    (checks.modes_covered, lambda c, least=1: (c < least).sum(), "missing"),
    (checks.modes_covered, lambda c, least=1: (c >= least).mean(), "share of the modes"),
    (checks.kl, lambda s, d: (Q(s, d) * np.log(Q(s, d) / P(s, d))).sum(), r"KL\(data"),
    (checks.kl, lambda s, d: (P(s, d) * np.log2(P(s, d) / Q(s, d))).sum(), "bits"),
    (checks.kl, lambda s, d: (share(s) * np.log(share(s) / share(d))).sum(), "infinite or nan"),
    (checks.kl, lambda s, d: modes.kl_divergence(s, d, 1e-10), "very dear"),
    (checks.kl, lambda s, d: -(P(s, d) * np.log(Q(s, d))).sum(), "cross-entropy"),
    (checks.kl, lambda s, d: modes.kl_divergence(s, d, 1.0), "0.5 is asked for"),
    (checks.kl, lambda s, d: ((s + 0.5) * np.log((s + 0.5) / (d + 0.5))).sum(), "its own sum"),
    (checks.kl, lambda s, d: (P(s, d) * np.log(P(s, d) / Q(s, d))).mean(), "not the mean"),
    (checks.kl, lambda s, d: P(s, d) * np.log(P(s, d) / Q(s, d)), "sum over the modes"),
    (checks.kl, lambda s, d: modes.js_divergence(s + 0.5, d + 0.5), "Jensen-Shannon"),
    (checks.density_and_coverage, lambda r, f, k: _dc(r, f, k, shift=1), "own nearest neighbour"),
    (checks.density_and_coverage, lambda r, f, k: _dc(r, f, k)[::-1], "swapped"),
    (
        checks.density_and_coverage,
        lambda r, f, k: _dc(r, f, k, density=lambda i: i.sum() / len(f)),
        "divide by k",
    ),
    (
        checks.density_and_coverage,
        lambda r, f, k: _dc(r, f, k, density=lambda i: i.any(0).mean()),
        "precision",
    ),
    (
        checks.density_and_coverage,
        lambda r, f, k: _dc(r, f, k, coverage=lambda i: i.any(0).mean()),
        r"share of \*fakes",
    ),
    (
        checks.density_and_coverage,
        lambda r, f, k: _dc(r, f, k, coverage=lambda i: i.any(1).sum()),
        "number of reals",
    ),
    (
        checks.density_and_coverage,
        lambda r, f, k: _dc(f, r, k)[::-1],
        "density is|around the reals",
    ),
    (
        checks.density_and_coverage,
        lambda r, f, k: (lambda i: (i.sum() / (k * len(f)), i.any(1).mean()))(
            _balls(r, f, k)[0] <= _balls(f, r, k)[1][:, k][None]
        ),
        "around the reals",
    ),
    (checks.runs_apart, lambda a, b: np.sign(a.mean() - b.mean()), "compare the means"),
    (checks.runs_apart, lambda a, b: np.sign(a.max() - b.max()), "best runs only"),
    (checks.runs_apart, lambda a, b: int((a > b).all()) - int((a < b).all()), "run by run"),
    (
        checks.runs_apart,
        lambda a, b: (a.max() < b.min()) * 1 - (a.min() > b.max()) * 1,
        "sign is turned",
    ),
    (checks.runs_apart, lambda a, b: int(a.min() > b.max()), "-1 is missing"),
    (checks.runs_apart, lambda a, b: bool(a.min() > b.max()), "not True or False"),
    (
        checks.runs_apart,
        lambda a, b: 1 if a.min() >= b.max() else -1 if a.max() <= b.min() else 0,
        "equal values",
    ),
    (
        checks.runs_apart,
        lambda a, b: (
            np.sign(a.mean() - b.mean()) * (abs(a.mean() - b.mean()) > max(a.std(), b.std()))
        ),
        "overlap a little",
    ),
    (checks.detach_question, {}, "not done yet"),
    (checks.detach_question, dict.fromkeys("abcdef", True), r"\(b\) is false"),
    (checks.detach_question, dict.fromkeys("abcdef", False), r"\(a\) is true"),
    (
        checks.detach_question,
        checks.detach_question.ours | {"c": True},
        r"\(c\) is false.*shares its memory",
    ),
    (
        checks.detach_question,
        checks.detach_question.ours | {"d": True},
        r"\(d\) is false.*throws away",
    ),
    (checks.detach_question, checks.detach_question.ours | {"e": False}, r"\(e\) is true"),
    (checks.detach_question, checks.detach_question.ours | {"f": False}, r"\(f\) is true"),
    (checks.detach_question, {"a": True}, "to b, c, d, e, f as well"),
]


@pytest.mark.parametrize("check, answer, words", WRONG)
def test_a_wrong_answer_is_told_what_is_wrong(check, answer, words):
    with pytest.raises((checks.CheckFailed, checks.NotDoneYet), match=words) as caught:
        check(answer)
    sentence = str(caught.value)
    assert "\n" not in sentence and len(sentence) < 330
    (shown,) = caught.value._render_traceback_()
    assert sentence.split("see ")[0] in shown and not re.search(r"see \d\d\.", shown)
    assert shown.count(" of notebook ") == len(re.findall(r"see \d\d\.", sentence))


def all_checks():
    return [value for value in vars(checks).values() if hasattr(value, "ours")]


def test_each_exercise_is_tested_with_five_wrong_answers():
    from test_checks_networks import WRONG as NETWORKS

    for check in all_checks():
        count = sum(row[0] is check for row in [*WRONG, *NETWORKS])
        assert count >= 5, f"{check.__name__}: {count} wrong answers"


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.__name__)
class TestEveryCheck:
    def test_passes_the_workbooks_own(self, check):
        for seed in (0, 1, 2):
            check(check.ours, seed=seed)

    def test_leaves_random_numbers_alone(self, check):
        torch.manual_seed(3)
        before = torch.get_rng_state()
        check(check.ours)
        assert torch.equal(before, torch.get_rng_state())

    def test_an_untouched_stub_is_not_done_yet(self, check):
        def stub(*arguments, **words):
            raise NotImplementedError("your turn")

        questions = isinstance(check.ours, dict)
        what_to_do = "Say True or False to each" if questions else "Replace the line that raises"
        with pytest.raises(checks.NotDoneYet, match=f"not done yet. {what_to_do}"):
            check({} if questions else stub)

    def test_what_stops_is_named_with_its_line(self, check):
        if isinstance(check.ours, dict):
            pytest.skip("nothing runs")

        def broken(*arguments, **words):
            return undefined_name  # noqa: F821

        with pytest.raises(checks.CheckFailed, match="stops at `return undefined_name.*NameError"):
            check(broken)


def test_pointers_lead_to_sections_that_exist():
    texts = {path.name[:2]: path.read_text(encoding="utf-8") for path in notebook_paths()}
    headings = {number: re.findall(r'"## (\d+)\. ', text) for number, text in texts.items()}
    for file in (PACKAGE / "checks").glob("*.py"):
        for notebook, section in re.findall(r"\b(0\d)\.(\d+)\b", file.read_text(encoding="utf-8")):
            assert section in headings[notebook], f"{file.name} points to {notebook}.{section}"


def test_a_warning_inside_an_answer_does_not_show(recwarn):
    """nbgrader takes whatever a tested cell writes to stderr for a failure."""

    def warns(real_logits, fake_logits):
        warnings.warn("old style", stacklevel=1)
        return checks.discriminator_loss.ours(real_logits, fake_logits)

    checks.discriminator_loss(warns)
    assert not recwarn.list


def test_brackets_too_many_are_named():
    with pytest.raises(checks.CheckFailed, match="no brackets"):
        checks.size_formula(64)


def test_carry_on_keeps_what_is_right_and_replaces_what_is_not(capsys):
    right, wrong = lambda p, q: p / (p + q), lambda p, q: p

    def stub(p, q):
        raise NotImplementedError

    assert checks.carry_on({"best": right}, "best", checks.best_discriminator) is right
    assert capsys.readouterr().out == ""
    for namespace in ({"best": wrong}, {"best": stub}, {}):
        assert (
            checks.carry_on(namespace, "best", checks.best_discriminator)
            is checks.best_discriminator.ours
        )
        assert "the workbook's own is used" in capsys.readouterr().out


def test_predictions(capsys):
    checks.prediction("fewer", options=("fewer", "more"))
    checks.prediction(0.5, between=(0, 1))
    for guess, words in (("mroe", "choose one"), (3, "choose one")):
        with pytest.raises(checks.CheckFailed, match=words):
            checks.prediction(guess, options=("fewer", "more"))
    for guess, words in (
        ("half", "a number between 0 and 1"),
        (50, "cannot be"),
        (True, "a number"),
    ):
        with pytest.raises(checks.CheckFailed, match=words):
            checks.prediction(guess, between=(0, 1))
    capsys.readouterr()
    checks.reveal({"guess": 0.5}, "guess", 0.63212)
    assert capsys.readouterr().out == "You said 0.5; it is 0.632.\n"
    checks.reveal({}, "guess", "fewer")
    assert "made no guess" in capsys.readouterr().out


def test_an_exercise_keeps_its_name_and_docstring():
    @exercise("01.1", len)
    def length(answer, seed):
        """Something."""
        return "so it is"

    assert length.__name__ == "length" and length.__doc__ == "Something." and length.where == "01.1"


def test_toys_own_answer_is_the_modules():
    assert checks.modes_and_quality.ours is toy.modes_captured
