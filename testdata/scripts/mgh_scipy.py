"""Makes ../mgh_scipy.json: how many evaluations SciPy's L-BFGS-B needs for the unconstrained test functions of
J. Moré, B. Garbow, K. Hillstrom, "Testing Unconstrained Optimization Software", ACM TOMS 7 (1981) 17, from their
standard starts, with maxcor 10, ftol 1e-14, gtol 1e-8.

    pip install numpy scipy
    python testdata/scripts/mgh_scipy.py > testdata/mgh_scipy.json

Gradients are exact: by complex steps of 1e-30. "least" is the known minimum, "others" are known local minima.
"""
import json

import numpy as np
import scipy
from scipy.optimize import minimize


def helical(x):
    theta = np.arctan(x[1] / x[0]) / (2 * np.pi) + (0.5 if x[0].real < 0 else 0)
    return [10 * (x[2] - 10 * theta), 10 * (np.sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]]


def biggs(x):
    t = 0.1 * np.arange(1, 14)
    y = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
    return x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + x[5] * np.exp(-t * x[4]) - y


def gaussian(x):
    y = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989, 0.3521, 0.2420, 0.1295, 0.0540, 0.0175, 0.0044, 0.0009]
    t = (8 - np.arange(1, 16)) / 2
    return x[0] * np.exp(-x[1] * (t - x[2]) ** 2 / 2) - y


def powell_badly(x):
    return [1e4 * x[0] * x[1] - 1, np.exp(-x[0]) + np.exp(-x[1]) - 1.0001]


def box(x):
    t = 0.1 * np.arange(1, 11)
    return np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))


def variably(x):
    s = sum((i + 1) * (v - 1) for i, v in enumerate(x))
    return [v - 1 for v in x] + [s, s * s]


def watson(x):
    r = []
    for i in range(1, 30):
        t = i / 29
        s = sum(v * t ** j for j, v in enumerate(x))
        r.append(sum(j * v * t ** (j - 1) for j, v in enumerate(x) if j > 0) - s * s - 1)
    return r + [x[0], x[1] - x[0] ** 2 - 1]


def penalty1(x):
    return [np.sqrt(1e-5) * (v - 1) for v in x] + [sum(v * v for v in x) - 0.25]


def penalty2(x):
    n, a, e = len(x), np.sqrt(1e-5), np.exp
    r = [x[0] - 0.2]
    for i in range(2, n + 1):
        r.append(a * (e(x[i - 1] / 10) + e(x[i - 2] / 10) - (e(i / 10) + e((i - 1) / 10))))
    r += [a * (e(x[i] / 10) - e(-0.1)) for i in range(1, n)]
    return r + [sum((n - j) * v * v for j, v in enumerate(x)) - 1]


def brown_badly(x):
    return [x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2]


def brown_dennis(x):
    t = np.arange(1, 21) / 5
    return (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + x[3] * np.sin(t) - np.cos(t)) ** 2


def gulf(x):
    t = np.arange(1, 100) / 100
    d = 25 + (-50 * np.log(t)) ** (2 / 3) - x[1]
    return np.exp(-np.exp(x[2] * np.log(d * d) / 2) / x[0]) - t


def trigonometric(x):
    c = sum(np.cos(v) for v in x)
    return [len(x) - c + (i + 1) * (1 - np.cos(v)) - np.sin(v) for i, v in enumerate(x)]


def rosenbrock(x):
    return [r for a, b in zip(x[::2], x[1::2]) for r in (10 * (b - a * a), 1 - a)]


def powell(x):
    r = []
    for a, b, c, d in zip(x[::4], x[1::4], x[2::4], x[3::4]):
        r += [a + 10 * b, np.sqrt(5) * (c - d), (b - 2 * c) ** 2, np.sqrt(10) * (a - d) ** 2]
    return r


def beale(x):
    return [y - x[0] * (1 - x[1] ** (i + 1)) for i, y in enumerate([1.5, 2.25, 2.625])]


def wood(x):
    return [10 * (x[1] - x[0] ** 2), 1 - x[0], np.sqrt(90) * (x[3] - x[2] ** 2), 1 - x[2],
            np.sqrt(10) * (x[1] + x[3] - 2), (x[1] - x[3]) / np.sqrt(10)]


def chebyquad(x):
    n = len(x)
    before, now = np.ones_like(x), 2 * x - 1
    r = []
    for i in range(1, n + 1):
        r.append(np.sum(now) / n + (1 / (i * i - 1) if i % 2 == 0 else 0))
        before, now = now, 2 * (2 * x - 1) * now - before
    return r


CASES = [
    ("helical valley", helical, [-1, 0, 0], 0, []),
    ("Biggs EXP6", biggs, [1, 2, 1, 1, 1, 1], 0, [5.65565e-3]),
    ("Gaussian", gaussian, [0.4, 1, 0], 1.12793e-8, []),
    ("Powell badly scaled", powell_badly, [0, 1], 0, []),
    ("box three-dimensional", box, [0, 10, 20], 0, []),
    ("variably dimensioned", variably, [1 - (i + 1) / 10 for i in range(10)], 0, []),
    ("Watson", watson, [0] * 6, 2.28767e-3, []),
    ("penalty I", penalty1, [i + 1 for i in range(10)], 7.08765e-5, []),
    ("penalty II", penalty2, [0.5] * 10, 2.93660e-4, []),
    ("Brown badly scaled", brown_badly, [1, 1], 0, []),
    ("Brown and Dennis", brown_dennis, [25, 5, -5, -1], 85822.2, []),
    ("Gulf", gulf, [5, 2.5, 0.15], 0, []),
    ("trigonometric", trigonometric, [0.1] * 10, 0, [2.79506e-5]),
    ("extended Rosenbrock", rosenbrock, [-1.2, 1] * 5, 0, []),
    ("extended Powell", powell, [3, -1, 0, 1] * 5, 0, []),
    ("Beale", beale, [1, 1], 0, []),
    ("Wood", wood, [-3, -1, -3, -1], 0, []),
    ("Chebyquad", chebyquad, [(i + 1) / 9 for i in range(8)], 3.51687e-3, []),
]


def fg(x, f):
    """The sum of squares and its gradient."""
    g = np.empty(len(x))
    for i in range(len(x)):
        z = x.astype(complex)
        z[i] += 1e-30j
        r = np.array(f(z))
        g[i] = 2 * np.sum(r.real * (r.imag / 1e-30))
    r = np.array(f(x.astype(complex))).real
    return float(np.sum(r * r)), g


cases = []
for name, f, x0, least, others in CASES:
    history = []

    def run(x):
        v, g = fg(x, f)
        history.append(v)
        return v, g

    res = minimize(run, np.array(x0, float), jac=True, method="L-BFGS-B",
                   options=dict(maxcor=10, ftol=1e-14, gtol=1e-8, maxiter=10000, maxfun=100000))
    v0, g0 = fg(np.array(x0, float), f)
    cases.append(dict(name=name, x0=x0, f0=v0, g0=list(g0), least=least, others=others, f=float(res.fun),
                      gradient=float(np.max(np.abs(res.jac))), evaluations=int(res.nfev), message=res.message))
out = dict(scipy=scipy.__version__, options="maxcor 10, ftol 1e-14, gtol 1e-8", cases=cases)
print(json.dumps(out, indent=1))
