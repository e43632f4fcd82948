"""The checks of the exercises: right answers pass in several forms, each wrong one is told why.

Here the exercises on numbers; test_checks_networks.py has those on networks and on training steps.
"""

import cProfile
import functools
import importlib
import random
import re
import threading
import time
import warnings
from math import comb
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from animegan_workshop import checks
from animegan_workshop.checks import comparing, running
from animegan_workshop.experiments.design import Arm
from animegan_workshop.experiments.verdict import permutation_interval
from animegan_workshop.teaching.notebooks import notebook_paths


def unit(v):
    return v / v.norm()


def by_loop(samples, centres, std):
    good = [
        min(range(len(centres)), key=lambda k: (x - centres[k]).norm())
        for x in samples
        if (x - centres).norm(dim=1).min() <= 3 * std
    ]
    return len(set(good)), len(good) / len(samples)


def by_rotation(a, b, t):
    u, long = unit(a), (1 - t) * a.norm() + t * b.norm()
    side = unit(b) - torch.dot(unit(b), u) * u
    if side.norm() < 1e-3:
        return torch.lerp(a, b, t)
    angle = torch.dot(u, unit(b)).acos() * t
    return long * (angle.cos() * u + angle.sin() * unit(side))


def by_torch(data, samples, k):
    x, y = torch.tensor(data), torch.tensor(samples)
    far = torch.cdist(x, y)
    in_x = far <= torch.cdist(x, x).kthvalue(k + 1, dim=1).values[:, None]
    in_y = far <= torch.cdist(y, y).kthvalue(k + 1, dim=1).values
    return tuple(float(near.float().mean()) for near in (in_x.any(0), in_y.any(1), in_x.any(1)))


def by_eigvals(x, y):
    a, b = np.cov(x.T), np.cov(y.T)
    roots = np.sqrt(np.linalg.eigvals(a @ b).astype(complex)).real
    spread = np.trace(a + b) - 2 * roots.sum()
    return ((x.mean(0) - y.mean(0)) ** 2).sum() + spread


def resampled(measure, data, rounds=200, seed=0):
    draw = np.random.default_rng(seed)
    values = [measure(draw.choice(data, len(data))) for _ in range(rounds)]
    return np.percentile(values, (2.5, 97.5)) + measure(data) - np.median(values)


def by_conv(x, k, s):
    x, k = torch.tensor(x)[None, None], torch.tensor(k)[None, None]
    return F.conv_transpose2d(x, k, stride=s).numpy()


def side(h, k, s, p, extra=0):
    return (h - 1) * s - 2 * p + k + extra


def near_by_torch(images, threshold):
    small = F.avg_pool2d(torch.tensor(images).float().mean(1, keepdim=True), 8).flatten(1)
    near = torch.cdist(small, small, compute_mode="donot_use_mm_for_euclid_dist") / 8 < threshold
    return [tuple(pair) for pair in near.triu(1).nonzero().tolist()]


def by_svd(x, k, sign=1):
    _, S, V = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    return x.mean(0), sign * V[:k], S[:k] / len(x) ** 0.5


def by_sum(z, mean, components, spread):
    moved = [mean + sum(a * s * c for a, s, c in zip(row, spread, components)) for row in z]
    return torch.stack(moved).view(-1, 3, 64, 64).clamp(-1, 1)


def entropy(v):
    p = np.unique(v, return_counts=True)[1] / len(v)
    return float(-(p * np.log(p)).sum())


def by_halving(change, target):
    low, high = 0.0, 20.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (middle, high) if change(middle) < target else (low, middle)
    return torch.tensor(low)


def probe(z, has_it, steps=300):
    layer = torch.nn.Linear(z.shape[1], 1)
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.05)
    for _ in range(steps):
        optimiser.zero_grad()
        F.softplus(layer(z)[:, 0] * (1 - 2 * torch.tensor(has_it).float())).mean().backward()
        optimiser.step()
    return unit(layer.weight[0].detach())


def nearest_of(x, references):
    apart = [float((x - r).square().mean().sqrt()) for r in references]
    return int(np.argmin(apart)), 127.5 * min(apart)


def as_far(differences, size, room=1e-9):
    ways = np.array(np.meshgrid(*[(1, -1)] * len(differences))).reshape(len(differences), -1)
    return np.mean(size(differences @ ways) >= abs(differences.sum()) - room)


def ruled(first, second, direction, share):
    up = (second - first) if direction == "higher" else (first - second)
    low, high = permutation_interval(up)
    need = share * first.mean()
    if up.mean() >= need and as_far(up, abs) <= 0.05:
        return "holds"
    return "does not hold here" if high < -need or max(-low, high) < need else "open"


def two_arms(run, scale, seeds, which=-1, shift=0, **settings):
    arms = [Arm("a"), Arm("b", settings=settings or {"flip": False})]
    return {
        arm.name: np.array(
            [
                run(arm, scale, seed + shift * k)["measurements"][which]["kl"]
                for seed in range(seeds)
            ]
        )
        for k, arm in enumerate(arms)
    }


@torch.jit.script
def best_by_script(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    return p / (p + q)


class Stamper:
    def __call__(self, x, k, s):
        return by_conv(x, k, s)[0, 0]


RIGHT = [
    (checks.normalise, lambda v: torch.tensor(v, dtype=torch.float32) * (2 / 255) - 1),
    (checks.normalise, lambda v: torch.from_numpy(v).float().sub(127.5).div(127.5)),
    (checks.to_levels, lambda x: ((x.clamp(-1, 1) + 1) * 127.5 + 0.5).to(torch.uint8).numpy()),
    (checks.to_levels, lambda x: np.clip(np.rint((x.numpy() + 1) / 2 * 255), 0, 255).astype("u1")),
    (checks.effective_number, lambda v: 2 ** (entropy(v) / np.log(2))),
    (checks.effective_number, lambda v: torch.tensor(entropy(v)).exp()),
    (checks.find_near_duplicates, near_by_torch),
    (checks.find_near_duplicates, lambda x, t: near_by_torch(x, t)[::-1]),
    (checks.principal_components, by_svd),
    (checks.principal_components, lambda x, k: [p.numpy() for p in by_svd(x, k, -1)]),
    (checks.linear_generator, by_sum),
    (checks.best_discriminator, lambda p, q: 1 / (1 + q / p)),
    (checks.best_discriminator, lambda p, q: (p.log() - q.log()).sigmoid()),
    (checks.best_discriminator, best_by_script),
    (checks.modes_and_quality, by_loop),
    (checks.modes_and_quality, lambda *a: torch.tensor(by_loop(*a), dtype=torch.float64)),
    (checks.size_formula, side),
    (checks.size_formula, lambda *a: np.int64(side(*a))),
    (checks.size_formula, lambda *a: torch.tensor(side(*a))),
    (checks.size_formula, functools.partial(lambda start, h, *a: side(h, *a) + start, 0)),
    (checks.transposed_convolution, Stamper()),
    (checks.matching_length, by_halving),
    (checks.largest_gain, lambda b, a: (max(np.sum(a == v) - np.sum(b == v) for v in a)) / len(a)),
    (checks.probe_direction, probe),
    (checks.face_arithmetic, lambda a, b, c, length=4.0: c + length * unit(a.mean(0) - b.mean(0))),
    (checks.variety, lambda f: torch.cdist(f, f).sum() / (len(f) * (len(f) - 1))),
    (checks.nearest, lambda q, r: list(map(torch.tensor, zip(*(nearest_of(x, r) for x in q))))),
    (checks.slerp, by_rotation),
    (checks.named_direction, lambda z, h: F.normalize(z[h].mean(0) - z[~h].mean(0), dim=0)),
    (
        checks.count_pairs,
        lambda a, b, shape: np.histogram2d(a, b, [range(n + 1) for n in shape])[0].astype(int),
    ),
    (
        checks.modes_covered,
        lambda c, d: sum(1 - comb(int(c.sum() - n), d) / comb(int(c.sum()), d) for n in c),
    ),
    (checks.kl, lambda s, d: torch.tensor(kl(s, d)).sum()),
    (checks.permutation_p, lambda d: as_far(d, abs)),
    (checks.verdict_on, lambda *a: ruled(*a)),
    (checks.my_experiment, lambda run, scale, seeds: two_arms(run, scale, seeds)),
    (checks.frechet_distance, by_eigvals),
    (checks.precision_recall_coverage, by_torch),
    (checks.report_card, lambda *a: checks.report_card.ours(*a) | {"more": 1}),
    (checks.bootstrap_interval, resampled),
    (checks.detach_question, {k: np.bool_(v) for k, v in checks.detach_question.ours.items()}),
    (checks.name_the_fault, dict(checks.name_the_fault.ours, E="healthy")),
]


@pytest.mark.parametrize("check, answer", RIGHT)
def test_other_right_answers_pass(check, answer, capsys):
    check(answer)
    check(answer, seed=7)
    assert capsys.readouterr().out.startswith("Right: ")


def kl(s, d):
    p, q = ((counts + 0.5) / (counts + 0.5).sum() for counts in (s, d))
    return p * np.log(p / q)


def endless(*arguments, **named):
    while True:
        pass


WRONG = {
    checks.normalise: {
        "float32": lambda v: torch.from_numpy(v).double() / 127.5 - 1,
        "torch tensor": lambda v: v / 127.5 - 1,
        "must be of shape": lambda v: torch.from_numpy(v).float().flatten() / 127.5 - 1,
        "returns None": lambda v: None,
    },
    checks.to_levels: {
        "stored as uint8": lambda x: ((x + 1) * 127.5).round().numpy(),
        "clamp": lambda x: ((x + 1) * 127.5).round().to(torch.uint8).numpy(),
        "numpy array, not a Tensor": lambda x: ((x + 1) * 127.5).round().to(torch.uint8),
    },
    checks.effective_number: {
        "return numbers, not str 'many'": lambda v: "many",
    },
    checks.find_near_duplicates: {
        "misses": lambda x, t: near_by_torch(x, t)[1:],
        "should not hold": lambda x, t: [*near_by_torch(x, t), (0, 999)],
        "some pairs twice": lambda x, t: near_by_torch(x, t) * 2,
        "list of tuples": lambda x, t: np.array(near_by_torch(x, t)),
    },
    checks.principal_components: {
        "three things": lambda x, k: by_svd(x, k)[1:],
        r"comes first: .* of shape \(30,\)": lambda x, k: (x.mean(1), *by_svd(x, k)[1:]),
        "weakest components": lambda x, k: (x.mean(0), by_svd(x, 99)[1][-k:], x[0, :k]),
        "2 times the right one": lambda x, k: (x.mean(0), 2 * by_svd(x, k)[1], x[0, :k]),
        "the components.*yours is": lambda x, k: (x.mean(0), torch.eye(30)[:k], x[0, :k]),
        r"the spread: .* of shape \(4,\)": lambda x, k: (*by_svd(x, k)[:2], x.std(0)),
    },
    checks.best_discriminator: {
        "2 times the right one": lambda p, q: 2 * p / (p + q),
        "too large by 1": lambda p, q: p / (p + q) + 1,
        "order is turned round": lambda p, q: (p / (p + q)).flip(0),
        r"\[0\]: yours is .*, right is 0": lambda p, q: torch.sin(p),
    },
    checks.modes_and_quality: {
        "last value comes first": lambda s, c, d: by_loop(s, c, d)[::-1],
        "return two numbers": lambda s, c, d: by_loop(s, c, d)[1],
    },
    checks.transposed_convolution: {
        "starts at": lambda x, k, s: np.zeros((len(x) * s,) * 2),
    },
    checks.size_formula: {
        "whole number": lambda *a: side(*a) / 1,
        "TypeError": lambda h, k, s, p: side(h, k, s, p),
        "s = 1, p = 0, extra = 0: yours is 5, right is 4": lambda *a: side(*a) + (a[2] == 1),
        "without brackets, not 64": 64,
    },
    checks.receptive_field: {
        "must be of shape": lambda layers: 90,
        r"at \[0\]: yours is 2, right is 4": lambda layers: [s for _, s in layers],
    },
    checks.my_experiment: {
        "never calls run": lambda run, scale, seeds: {},
        "arms are alike": lambda *a: two_arms(*a, beta1=0.5),
        "beta1 and flip": lambda *a: two_arms(*a, beta1=0.9, flip=False),
        "not the first": lambda *a: two_arms(*a, which=0),
        "same seeds": lambda *a: two_arms(*a, shift=3),
        "keep the order": lambda *a: {k: v[::-1] for k, v in two_arms(*a).items()},
        "one value for each seed": lambda *a: {k: v.mean() for k, v in two_arms(*a).items()},
        "with the scale that you were given": lambda run, scale, seeds: two_arms(run, None, seeds),
        "give run an Arm": lambda run, scale, seeds: run("flip", scale, 0),
        "the name of each arm": lambda *a: list(two_arms(*a).values()),
    },
    checks.detach_question: {
        "not done yet. Say True or False to each": {},
        r"\(b\) is false": dict.fromkeys("abcdef", True),
        r"\(a\) is true": dict.fromkeys("abcdef", False),
        r"\(c\) is false.*shares its memory": dict(checks.detach_question.ours, c=True),
        r"\(d\) is false.*throws away.*section 3": dict(checks.detach_question.ours, d=True),
        r"\(e\) is true": dict(checks.detach_question.ours, e=False),
        r"\(f\) is true": dict(checks.detach_question.ours, f=False),
        "missing: b, c, d, e, f": {"a": True},
        "with a dictionary": [True] * 6,
        "workbook's own": checks.detach_question.ours,
    },
    checks.name_the_fault: {
        "not done yet. Name a cause": {},
        "with a dictionary": ["healthy"] * 4,
        "C: choose one of healthy.*not None": dict(checks.name_the_fault.ours, C=None),
        "D: choose one of": dict(checks.name_the_fault.ours, D="fine"),
        "A is not 'healthy': D.x. and D": dict(checks.name_the_fault.ours, A="healthy"),
        "B is not 'D too slow'": dict(checks.name_the_fault.ours, B="D too slow"),
        "workbook's own": checks.name_the_fault.ours,
    },
}
ROWS = [(check, answer, words) for check, row in WRONG.items() for words, answer in row.items()]


def exercise_modules():
    names = sorted(path.stem for path in Path(checks.__file__).parent.glob("e[0-9]*.py"))
    return [importlib.import_module(f"{checks.__name__}.{name}") for name in names]


def faults_of_tables():
    """Each fault of a table: check, edit of ours, sentence."""
    for module in exercise_modules():
        for check in [value for value in vars(module).values() if hasattr(value, "ours")]:
            rows = comparing.table_of(getattr(module, "FAULTS", ""))
            # A loss without a term is told the term.
            yield from ((check, edit, words) for words, edit in rows if "return F." not in edit)


def told(check, answer):
    """What a check says to a wrong answer: one line that names one section, also as it is shown.

    answer: a text is an edit of ours.
    """
    if isinstance(answer, str):
        fault = comparing.edited(check.ours, answer)
        answer = lambda *arguments, **named: fault(*arguments, **named)
    with pytest.raises((checks.CheckFailed, checks.NotDoneYet)) as caught:
        check(answer)
    sentence = str(caught.value)
    assert "\n" not in sentence and len(sentence) < 330
    assert sentence in caught.value._render_traceback_()[0]
    if isinstance(caught.value, checks.CheckFailed):
        assert len(re.findall(r"see section \d+ of notebook \d\d$", sentence)) == 1
    return sentence


@pytest.mark.parametrize("check, answer, words", ROWS)
def test_a_wrong_answer_is_told_what_is_wrong(check, answer, words):
    assert re.search(words, told(check, answer)), told(check, answer)


@pytest.mark.parametrize("check, fault, sentence", list(faults_of_tables()))
def test_each_fault_of_a_table_is_told_from_the_others(check, fault, sentence):
    fault = comparing.edited(check.ours, fault)

    def answer(*arguments, **named):
        value = fault(*arguments, **named)
        return torch.as_tensor(value) if check is checks.normalise else value

    if check is checks.size_formula:
        answer = lambda h, k, s, p, extra=0: fault(h, k, s, p, extra)
    assert re.split(r", see \d\d", sentence)[0] in told(check, answer)


def test_each_exercise_has_answers_and_a_section():
    answers = {path.stem for path in Path(__file__).with_name("answers").glob("*.toml")}
    for module in exercise_modules():
        name = module.__name__.split("_", 3)[-1]
        assert name in answers
        assert getattr(checks, name).where in module_headings(), name


@functools.cache
def module_headings():
    """Sections of the notebooks as "03.6"."""
    texts = {path.name[:2]: path.read_text(encoding="utf-8") for path in notebook_paths()}
    return {f"{n}.{k}" for n, text in texts.items() for k in re.findall(r'"## (\d+)\. ', text)}


def test_pointers_lead_to_sections_that_exist():
    for module in exercise_modules():
        for place in re.findall(r"see (\d\d\.\d+)", Path(module.__file__).read_text("utf-8")):
            assert place in module_headings(), f"{module.__name__} points to {place}"


FUNCTIONS = [value for value in vars(checks).values() if callable(getattr(value, "ours", None))]


@pytest.mark.parametrize("check", FUNCTIONS, ids=lambda check: check.__name__)
class TestEveryCheck:
    def test_passes_what_the_workbooks_own_does(self, check):
        if isinstance(check.ours, type):
            with pytest.raises(checks.CheckFailed, match="workbook's own"):
                check(type("Mine", (check.ours,), {}))
        else:
            for seed in (0, 1, 2):
                check(lambda *a, **k: check.ours(*a, **k), seed=seed)

    def test_the_workbooks_own_is_no_answer(self, check):
        for answer in (check.ours, functools.partial(check.ours)):
            with pytest.raises(checks.CheckFailed, match="workbook's own"):
                check(answer)

    def test_an_untouched_stub_is_not_done_yet(self, check):
        def stub(*arguments, **named): ...  # your turn: replace this line

        class Stub:
            def forward(self, x): ...  # your turn: replace this line

        for answer in (stub, Stub):
            with pytest.raises(checks.NotDoneYet, match="not done yet: replace the line"):
                check(answer)

    def test_what_stops_is_named_with_its_line(self, check):
        def broken(*arguments, **words):
            return undefined_name  # noqa: F821

        with pytest.raises(checks.CheckFailed, match="stops at `return undefined_name.*NameError"):
            check(broken)

    def test_an_answer_of_the_wrong_kind_gets_one_line(self, check):
        for value in (None, "text", [1.0] * 20_000, {"a": 1}, object()):
            told(check, lambda *a, value=value, **k: value)

    def test_an_endless_loop_is_stopped(self, check, monkeypatch):
        monkeypatch.setattr(running, "SECONDS", 0.05)
        with pytest.raises(checks.CheckFailed, match="did not end within 0.05 seconds"):
            check(endless)


def test_a_loop_that_catches_exceptions_is_stopped(monkeypatch):
    monkeypatch.setattr(running, "SECONDS", 0.05)

    def stubborn(p, q):
        while True:
            try:
                time.sleep(0.001)
            except Exception:
                pass

    with pytest.raises(checks.CheckFailed, match="did not end"):
        checks.best_discriminator(stubborn)


def test_a_check_can_be_profiled():
    """A limit that is taken back in the wrong way makes Python 3.11 hang under a profiler."""
    answer = RIGHT[0][1]
    work = functools.partial(cProfile.Profile().runcall, checks.normalise, answer)
    worker = threading.Thread(target=lambda: (work(), work()), daemon=True)
    worker.start()
    worker.join(60)
    assert not worker.is_alive()


def state():
    numbers = torch.get_rng_state().tolist(), np.random.get_state()[1].tolist()
    return torch.get_default_dtype(), torch.is_grad_enabled(), numbers, random.getstate()


def test_settings_are_the_checks_own_and_put_back(request):
    def meddles(p, q):
        assert p.dtype == torch.float32 and torch.is_grad_enabled()
        torch.set_default_dtype(torch.float16)
        torch.set_grad_enabled(words != "switches gradients off")
        for seed in (torch.manual_seed, np.random.seed, random.seed):
            seed(5)
        return p / (p + q)

    request.addfinalizer(lambda: torch.set_default_dtype(torch.float32))
    with torch.no_grad():
        torch.set_default_dtype(torch.float64)
        before = state()
        for words in ("switches gradients off", "changes torch's default type"):
            with pytest.raises(checks.CheckFailed, match=words):
                checks.best_discriminator(meddles)
            assert state() == before


def softplus_losses(r, f):
    r, f = r.float(), f.float()
    return (F.softplus(-r) + F.softplus(f)).mean(), F.softplus(-f).mean()


def test_gradients_off_in_the_notebook_accuse_nobody():
    with torch.no_grad():
        checks.gan_losses(softplus_losses)


def test_torchs_own_not_implemented_is_no_stub():
    def needs_forward(p, q):
        return torch.nn.ModuleList([torch.nn.ReLU()])(p)

    with pytest.raises(checks.CheckFailed, match="A ModuleList cannot be called"):
        checks.best_discriminator(needs_forward)


def test_a_warning_inside_an_answer_does_not_show(recwarn):
    """nbgrader takes whatever a tested cell writes to stderr for a failure."""

    def warns(*logits):
        warnings.warn("old style", stacklevel=1)
        return softplus_losses(*logits)

    checks.gan_losses(warns)
    assert not recwarn.list


def test_carry_on_keeps_what_is_right_and_replaces_what_is_not(capsys):
    right, wrong = lambda p, q: p / (p + q), lambda p, q: p
    check = checks.best_discriminator

    def stub(p, q): ...  # your turn: replace this line

    assert checks.carry_on({"best": right}, "best", check) is right
    assert capsys.readouterr().out == ""
    for namespace in ({"best": wrong}, {"best": stub}, {}):
        assert checks.carry_on(namespace, "best", check) is check.ours
        assert "the workbook's own is used" in capsys.readouterr().out


def test_predictions(capsys):
    checks.prediction("fewer", options=("fewer", "more"))
    for guess in (0.5, np.float32(0.5), np.int64(1), torch.tensor(0.5)):
        checks.prediction(guess, between=(0, 1))
    for guess in ("mroe", 3):
        with pytest.raises(checks.CheckFailed, match="choose one"):
            checks.prediction(guess, options=("fewer", "more"))
    for guess in ("half", 50, True):
        with pytest.raises(checks.CheckFailed, match="cannot be: guess a number between 0 and 1"):
            checks.prediction(guess, between=(0, 1))
    capsys.readouterr()
    checks.reveal({"guess": 0.5}, "guess", 0.63212)
    assert capsys.readouterr().out == "You said: 0.5. The answer is: 0.632.\n"
    checks.reveal({}, "guess", "fewer")
    assert "made no guess" in capsys.readouterr().out


def test_in_a_notebook_nothing_stops(capsys, monkeypatch):
    """A wrong answer, a stub, no guess: a line is shown. Where answers are marked they raise."""

    def stub(p, q): ...  # your turn: replace this line

    cases = (
        (lambda: checks.best_discriminator(lambda p, q: p), "Not yet: "),
        (lambda: checks.best_discriminator(stub), "not done yet"),
        (lambda: checks.prediction(None), "No guess yet"),
        (lambda: checks.prediction(7, between=(0, 1)), "guess a number between 0 and 1"),
    )
    for ask, words in cases:
        monkeypatch.setenv("ANIMEGAN_STRICT", "")
        ask()
        assert words in capsys.readouterr().out
        monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
        with pytest.raises((checks.CheckFailed, checks.NotDoneYet)):
            ask()
        monkeypatch.delenv("NBGRADER_EXECUTION")


@pytest.mark.parametrize(
    "fault, told",
    [
        (np.negative, "the sign is turned"),
        (np.square, "every value is the square of the right one"),
        (lambda r: r * 180 / np.pi, "the angle is in degrees"),
        (lambda r: r / np.log(10), "log10 stands where"),
        (lambda r: r[::-1], "order is turned round"),
        (lambda r: r + np.array([0, 0, 1e-5]), "yours is 0.70001, right is 0.7"),
    ],
)
def test_faults_that_need_no_table(fault, told):
    right = np.array([0.5, 0.2, 0.7])
    with pytest.raises(checks.CheckFailed, match=told):
        comparing._judge([fault(right)], [right], ["case 1"], 1e-7)
