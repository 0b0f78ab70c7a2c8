"""Runs SciPy over the problems of ode_cases.json and writes ode_scipy.json: the steps, evaluations and errors of the
methods that the former does not cover, and what dense output and events cost.

Where the error estimate of DOP853 is all rounding error, SciPy's steps depend on the processor, whose kind decides how
OpenBLAS sums: "also" lists what other kinds than this one's count, [nfev, accepted, rejected].

    pip install scipy && python testdata/ode_scipy.py
"""
import json
import math
import os
import subprocess
import sys

import numpy as np
import scipy
from scipy.integrate import DOP853, RK23, RK45, solve_ivp

HERE = os.path.dirname(os.path.abspath(__file__))
METHODS = {"RK23": (RK23, 3), "RK45": (RK45, 6), "DOP853": (DOP853, 12)}
NAMES = {name: getattr(math, name) for name in ("sin", "cos", "sqrt", "exp", "pow", "pi", "log")}
NAMES["where"] = lambda c, a, b: a if c else b


def compile_problem(p):
    """Returns f(t, y) as the problem's text has it."""
    lets = [line.split("=", 1) for line in p.get("let") or []]
    lets = [(name.strip(), compile(text.strip(), name, "eval")) for name, text in lets]
    rhs = [compile(text, "rhs", "eval") for text in p["rhs"]]

    def f(t, y):
        names = dict(NAMES, **(p.get("params") or {}), t=float(t))
        names.update((f"y{i}", float(v)) for i, v in enumerate(y))
        for name, code in lets:
            names[name] = eval(code, names)
        return [eval(code, names) for code in rhs]

    return f


def figure(method, p, rtol, atol, first_step):
    """Steps a solver to the end and counts."""
    solver, stages = METHODS[method]
    options = {"first_step": first_step} if first_step else {}
    s = solver(compile_problem(p), p["t0"], p["y0"], p["t1"], rtol=rtol, atol=atol, **options)
    accepted, h_first = 0, None
    while s.status == "running":
        s.step()
        accepted += 1
        h_first = h_first or abs(s.t - p["t0"])
    assert s.status == "finished", p["id"]
    tries, rest = divmod(s.nfev - (1 if first_step else 2), stages)
    assert rest == 0
    err = max(abs(a - float(b)) for a, b in zip(s.y, p["y_ref"]))
    row = {"id": p["id"], "rtol": rtol, "atol": atol, "nfev": s.nfev, "n_accepted": accepted,
           "n_rejected": tries - accepted, "h_first": h_first, "err_max_abs": err}
    if first_step:
        row["first_step"] = first_step
    return row


def dense(method, p, rtol, atol):
    """Dense output at 401 points against a run at a much smaller tolerance, and the evaluations that TEval costs."""
    t = np.linspace(p["t0"], p["t1"], 401)
    f, span = compile_problem(p), (p["t0"], p["t1"])
    ref = solve_ivp(f, span, p["y0"], DOP853, t_eval=t, rtol=1e-13, atol=1e-15)
    s = solve_ivp(f, span, p["y0"], method, dense_output=True, rtol=rtol, atol=atol)
    few = solve_ivp(f, span, p["y0"], method, t_eval=t[::100], rtol=rtol, atol=atol)
    return {"id": p["id"], "rtol": rtol, "atol": atol, "nfev": s.nfev, "nfev_t_eval": few.nfev,
            "err_max_abs": float(np.max(np.abs(s.sol(t) - ref.y))),
            "t": t[::40].tolist(), "y": s.sol(t[::40]).T.tolist()}


def events(method, p, rtol, atol):
    """Zeros of the first component."""
    s = solve_ivp(compile_problem(p), (p["t0"], p["t1"]), p["y0"], method, events=lambda t, y: y[0], rtol=rtol, atol=atol)
    return {"id": p["id"], "rtol": rtol, "atol": atol, "nfev": s.nfev, "t": s.t_events[0].tolist()}


def figures(method, problems):
    return [figure(method, p, r["rtol"], r["atol"], r.get("first_step")) for p in problems for r in p["scipy_rk45"]]


def counts(row):
    return [row["nfev"], row["n_accepted"], row["n_rejected"]]


def main():
    with open(os.path.join(HERE, "ode_cases.json")) as f:
        problems = json.load(f)["problems"]
    if sys.argv[1:]:
        json.dump(figures(sys.argv[1], problems), sys.stdout)
        return
    out = {"what": f"SciPy {scipy.__version__} over the problems of ode_cases.json; written by ode_scipy.py"}
    for method in METHODS:
        rows = [] if method == "RK45" else figures(method, problems)
        for kind in ("Prescott", "Nehalem", "Haswell", "SkylakeX") if rows else ():
            run = subprocess.run([sys.executable, __file__, method], env=dict(os.environ, OPENBLAS_CORETYPE=kind),
                                 stdout=subprocess.PIPE, check=True)
            for row, other in zip(rows, json.loads(run.stdout)):
                if counts(other) not in [counts(row)] + row.get("also", []):
                    row.setdefault("also", []).append(counts(other))
        out[method] = {
            "figures": rows,
            "dense": [dense(method, p, 1e-6, 1e-9) for p in problems],
            "events": [events(method, p, 1e-6, 1e-9) for p in problems],
        }
    with open(os.path.join(HERE, "ode_scipy.json"), "w") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")


main()
