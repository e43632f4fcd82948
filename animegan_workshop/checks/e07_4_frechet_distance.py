"""Exercise 07.4: the Frechet distance of two sets of features."""

import numpy as np

from animegan_workshop.checks.tools import demand, exercise, numbers, try_cases


def frechet_of(x: np.ndarray, y: np.ndarray) -> float:
    """The squared Frechet distance of features x (N, F), y (M, F), each taken as a Gaussian."""
    shift = ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum()
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    values = np.linalg.eigvals(a @ b).real
    cross = np.sqrt(np.clip(values, 0, None)).sum()
    return shift + np.trace(a) + np.trace(b) - 2 * cross


FAULTS = """
the distance of the means must be squared :: return shift => return shift**0.5
sum the squared differences of the means over the features :: ** 2).sum() => ** 2).mean()
the means are averaged over the features: average over the faces, axis 0 :: mean(axis=0) => mean()
the means must come in: only the covariances are compared :: return shift => return 0
the covariances must come in: only the means are compared :: shift + => shift #
the covariances divide by N: divide by N - 1, as np.cov does :: =False => =False, ddof=0
subtract the trace of the root, 2 times: yours has another factor or sign :: - 2 * cross => - cross
:: - 2 * => + 2 * :: - 2 * cross => + cross :: - 2 * cross =>
take the root of each eigenvalue of the product :: cross = np.sqrt => cross =
that is the root of the product's trace: take the trace of its root :: values, => values.sum(),
the matrix root is asked for, not the root of each entry: only diagonals count
:: values, => np.diag(a) * np.diag(b), :: values, => np.diag(a @ b),
the eigenvalues of both, multiplied, are not those of the product
:: eigvals(a @ b).real => eigvalsh(a) * np.linalg.eigvalsh(b)
a @ b is not symmetric, as eigh needs: take R @ b @ R
:: eigvals(a => eigvalsh(a :: eigvals(a @ b => eigvalsh(b @ a
R is the root of the covariance, not itself :: a @ b => a @ b @ a :: a @ b => b @ a @ b
the root of the product is missing :: np.trace(a) + np.trace(b) - 2 * cross => ((a - b) ** 2).sum()
a product of two roots is not the root of the product
:: np.sqrt(np.clip(values, 0, None)).sum()
=> np.trace(np.matmul(*(v * abs(w) ** 0.5 @ v.T for w, v in map(np.linalg.eigh, (a, b)))))
a @ b is not symmetric: its singular values are not its eigenvalues
:: np.linalg.eigvals(a @ b).real => np.linalg.svd(a @ b)[1]
each covariance is around its own mean
:: np.cov(y, rowvar=False) => (y - x.mean(0)).T @ (y - x.mean(0)) / (len(y) - 1)
:: np.cov(x, rowvar=False) => (x - y.mean(0)).T @ (x - y.mean(0)) / (len(x) - 1)
use all rows: you cut the larger set :: shift = => x, y = x[: len(y)], y[: len(x)]; shift =
"""
TURNED = "faces are rows, features are columns: rowvar=False :: =False => =True"


@exercise("07.4", frechet_of)
def frechet_distance(answer, seed):
    """x (N, F), y (M, F) -> |m - n|^2 + tr(A + B - 2 (A B)^(1/2)), one number."""
    random = np.random.default_rng(seed)
    mix, turn = random.normal(size=(2, 5, 5))
    x, y = random.normal(size=(40, 5)) @ mix + 1, 2 * random.normal(size=(31, 5)) @ turn
    # equally many first, so that the covariance of faces does not stop
    try_cases(answer, frechet_of, [(x[:31], y), (y, x[9:])], FAULTS + TURNED, 1e-4)
    try_cases(answer, frechet_of, [(x, y), (y[:9], x)], FAULTS, 1e-4)
    few = [abs(numbers(answer(x[:n].copy(), x[:n].copy()))) < 0.1 for n in (2, 3, 4)]
    words = "with fewer faces than features rounding makes eigenvalues negative: clip them at 0, "
    demand(all(few), words + "else the distance of a set from itself is nan")
    return "shift and spread both count, and the root is the matrix root"
