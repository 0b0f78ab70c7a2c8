"""Makes the numbers of ../ode_cases.json again: end states by extrapolation in 40 digits, single steps and fixed steps
from the tableau in 40 digits, steps and errors of RK45 by SciPy.

    pip install numpy scipy mpmath
    python testdata/scripts/ode_cases.py [-update]

SciPy's steps depend on rounding errors a little, which some problems (the Brusselator, Lorenz) make larger; so its end
states and errors are compared less sharply than the rest. Its counts must be equal. Not made again: texts, closed forms
other than by their stated distance from the end state, the uncertainty of the references, the counts of DOP853, the
events of three problems that SciPy's own tests have, and behaviours that are words.
"""
import math
import re
from fractions import Fraction

import mpmath as mp
import numpy as np
import scipy
from scipy.integrate import DOP853, RK45, solve_ivp

from reference import Reference

mp.mp.dps = 40
ref = Reference("ode_cases.json", 1e-9, {"RK45 end states": 1e-5, "RK45 errors": 1e-5, "RK45 errors in units of the tolerance": 1e-2})
data = ref.data
FLOAT = {"sin": math.sin, "cos": math.cos, "sqrt": math.sqrt, "exp": math.exp, "pow": math.pow,
         "where": lambda c, a, b: a if c else b}
EXACT = dict(FLOAT, sin=mp.sin, cos=mp.cos, sqrt=mp.sqrt, exp=mp.exp, pow=mp.power)


def compile_problem(p, number, functions):
    """Returns f(t, y) as the problem's text has it, with float or mpf numbers. Literals are float64 first."""
    def text(s):
        if number is float:
            return s
        return re.sub(r"(?<![\w.])(\d+\.?\d*(?:e[+-]?\d+)?)(?![\w.])", r"N(\1)", s)
    lets = [line.split("=", 1) for line in p.get("let") or []]
    lets = [(name.strip(), compile(text(body.strip()), name, "eval")) for name, body in lets]
    rhs = [compile(text(body), "rhs", "eval") for body in p["rhs"]]
    constants = {k: number(v) for k, v in (p.get("params") or {}).items()}

    def f(t, y):
        names = dict(functions, **constants, t=t, N=number)
        names.update(("y%d" % i, v) for i, v in enumerate(y))
        for name, code in lets:
            names[name] = eval(code, names)
        return [eval(code, names) for code in rhs]
    return f


def floats(p):
    f = compile_problem(p, float, FLOAT)
    return lambda t, y: f(float(t), [float(v) for v in y])


def extrapolate(f, t0, t1, y0, stops, tol=mp.mpf(10) ** -30):
    """The states at the times stops and at t1, by Gragg's method (modified midpoint rule) and extrapolation in h^2.

    Source: E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, II.9.
    """
    K = 14
    n = [2 * (k + 1) for k in range(K)]
    t, y, out = mp.mpf(t0), [mp.mpf(v) for v in y0], []
    H = (mp.mpf(t1) - t) / 50
    for stop in [mp.mpf(s) for s in stops] + [mp.mpf(t1)]:
        while t != stop:
            last = abs(H) >= abs(stop - t)
            step = stop - t if last else H
            f0, rows = f(t, y), []
            for k in range(K):
                h = step / n[k]
                a, b = y, [u + h * v for u, v in zip(y, f0)]
                for i in range(1, n[k]):
                    a, b = b, [u + 2 * h * v for u, v in zip(a, f(t + i * h, b))]
                row = [b]
                for j in range(1, k + 1):
                    r = mp.mpf(n[k]) ** 2 / mp.mpf(n[k - j]) ** 2 - 1
                    row.append([u + (u - v) / r for u, v in zip(row[j - 1], rows[k - 1][j - 1])])
                rows.append(row)
            err = max(abs(u - v) / max(1, abs(u)) for u, v in zip(rows[-1][-1], rows[-1][-2]))
            if err <= tol:
                t, y = (stop if last else t + step), rows[-1][-1]
            if not (last and err <= tol):
                H = step * min(4, max(mp.mpf("0.2"), mp.mpf("0.8") * (tol / (err + mp.mpf(10) ** -60)) ** (mp.mpf(1) / (2 * K - 1))))
        out.append(y)
    return out


def invariants(p, y):
    """Constants of the motion, by what the file calls them."""
    if p["id"] in ("detest_D1", "detest_D3"):
        return {"energy": (y[2] ** 2 + y[3] ** 2) / 2 - 1 / math.hypot(y[0], y[1]), "angular_momentum": y[0] * y[3] - y[1] * y[2]}
    if p["id"] == "hnn_pendulum_20":
        return {"H": 3 * (1 - math.cos(y[0])) + y[1] ** 2}
    return {"H": y[0] ** 2 + y[1] ** 2}


for p in data["problems"]:
    ref.case = p["id"]
    at = p["y_ref_at"]
    states = extrapolate(compile_problem(p, mp.mpf, EXACT), p["t0"], p["t1"], p["y0"], [a["t"] for a in at])
    end = states[-1]
    ref.put("end states, 20 digits", p, "y_ref", end, digits=20)
    for a, y in zip(at, states):
        ref.put("states between", a, "y", y)
    if "y_closed_form" in p:
        d = max(abs(mp.mpf(c) - y) for c, y in zip(p["y_closed_form"], end))
        ref.put("closed forms less end states", p, "closed_form_minus_ref", d)
    f = floats(p)
    s = solve_ivp(f, (p["t0"], p["t1"]), p["y0"], DOP853, rtol=1e-13, atol=1e-15)
    d = p["dop853_rtol1e-13"]
    worst = max(abs(mp.mpf(float(u)) - v) for u, v in zip(s.y[:, -1], end))
    ref.put("DOP853, rtol 1e-13", d, "max_abs_diff_to_ref", worst)
    for r in p["scipy_rk45"]:
        first = r.get("first_step")
        s = RK45(f, p["t0"], p["y0"], p["t1"], rtol=r["rtol"], atol=r["atol"], **({"first_step": first} if first else {}))
        accepted, h_first = 0, None
        while s.status == "running":
            s.step()
            accepted += 1
            h_first = h_first or abs(s.t - p["t0"])
        tries = (s.nfev - (1 if first else 2)) // 6
        ref.put("RK45 counts", r, "nfev", s.nfev)
        ref.put("RK45 counts", r, "n_accepted", accepted)
        ref.put("RK45 counts", r, "n_rejected", tries - accepted)
        ref.put("RK45 first steps", r, "h_first", h_first)
        e = [mp.mpf(float(u)) - v for u, v in zip(s.y, end)]
        ref.put("RK45 end states", r, "y_end", s.y.tolist())
        ref.put("RK45 errors", r, "err_max_abs", max(map(abs, e)))
        scaled = [v / (r["atol"] + r["rtol"] * abs(y)) for v, y in zip(e, end)]
        rms = mp.sqrt(sum(v * v for v in scaled) / len(e))
        ref.put("RK45 errors in units of the tolerance", r, "err_rms_scaled", rms)
        if "invariant_drift" in r:
            was, now = invariants(p, p["y0"]), invariants(p, s.y)
            ref.put("drift of invariants", r, "invariant_drift", {k: float(now[k] - was[k]) for k in now})

tableau = data["tableau"]
frac = lambda s: mp.mpf(Fraction(s).numerator) / Fraction(s).denominator
A, B, C = [[frac(x) for x in row] for row in tableau["A"]], [frac(x) for x in tableau["B"]], [frac(x) for x in tableau["C"]]
E, P = [frac(x) for x in tableau["E_equals_b5_minus_b4"]], [[frac(x) for x in row] for row in tableau["P_dense"]]
RK4A = [[], [mp.mpf(1) / 2], [0, mp.mpf(1) / 2], [0, 0, 1]]
RK4B, RK4C = [mp.mpf(1) / 6, mp.mpf(1) / 3, mp.mpf(1) / 3, mp.mpf(1) / 6], [0, mp.mpf(1) / 2, mp.mpf(1) / 2, 1]


def step(f, t, y, h, a, b, c):
    """One explicit Runge-Kutta step: the new state and the stages."""
    k = []
    for row, ci in zip(a, c):
        k.append(f(t + ci * h, [v + h * sum(x * kj[i] for x, kj in zip(row, k)) for i, v in enumerate(y)]))
    return [v + h * sum(x * kj[i] for x, kj in zip(b, k)) for i, v in enumerate(y)], k


for s in data["dopri_single_step"]:
    ref.case = s["id"]
    f, t, h = compile_problem(s, mp.mpf, EXACT), mp.mpf(s["t0"]), mp.mpf(s["h"])
    y0 = [mp.mpf(v) for v in s["y0"]]
    y, k = step(f, t, y0, h, A, B, C)
    k.append(f(t + h, y))
    ref.put("single steps, 20 digits", s, "y_new", y, digits=20)
    ref.put("error estimates, 20 digits", s, "err_vector_h_E_K", [h * sum(e * kj[i] for e, kj in zip(E, k)) for i in range(len(y))], digits=20)
    for d in s["dense"]:
        w = [sum(x * mp.mpf(d["theta"]) ** (j + 1) for j, x in enumerate(row)) for row in P]
        ref.put("dense output of single steps, 20 digits", d, "y",
                [v + h * sum(x * kj[i] for x, kj in zip(w, k)) for i, v in enumerate(y0)], digits=20)

for s in data["rk4_discrete"]:
    ref.case = s["id"]
    f, y, h = compile_problem(s, mp.mpf, EXACT), [mp.mpf(v) for v in s["y0"]], mp.mpf(s["h"])
    for i in range(s["n_steps"]):
        y, _ = step(f, s["t0"] + i * h, y, h, RK4A, RK4B, RK4C)
    true = extrapolate(f, s["t0"], s["t0"] + s["n_steps"] * h, s["y0"], [])[-1]
    ref.put("RK4, 20 digits", s, "y_end_discrete", y, digits=20)
    ref.put("true end of RK4's problems, 20 digits", s, "true_end", true, digits=20)
    ref.put("errors of RK4", s, "method_error_max_abs", max(abs(u - v) for u, v in zip(y, true)))

for s in data["convergence"]:
    ref.case = s["id"]
    f, errors = compile_problem(s, mp.mpf, EXACT), []
    table = (RK4A, RK4B, RK4C) if s["expect_order"] == 4 else (A, B, C)
    exact = s["y0"][0] * mp.exp(mp.mpf(1.01) * s["t1"])
    for dt in s["dts"]:
        y = [mp.mpf(v) for v in s["y0"]]
        for i in range(round(s["t1"] / dt)):
            y, _ = step(f, i * dt, y, mp.mpf(dt), *table)
        errors.append(abs(y[0] - exact))
    ref.put("convergence", s, "errors", errors)
    orders = [mp.log(a / b, 2) for a, b in zip(errors, errors[1:])]
    ref.compare("orders, to 1e-3", s["id"], [round(v, 3) for v in s["observed_order"]], [float(round(v, 3)) for v in orders],
                [round(v, 3) for v in orders], None)

problems = {p["id"]: p for p in data["problems"]}
for d in data["dense_output"]:
    ref.case = d["problem"]
    p = problems[d["problem"]]
    s = solve_ivp(floats(p), (p["t0"], p["t1"]), p["y0"], RK45, rtol=d["rtol"], atol=d["atol"], dense_output=True)
    grid = np.linspace(p["t0"], p["t1"], 401)
    true = solve_ivp(floats(p), (p["t0"], p["t1"]), p["y0"], DOP853, t_eval=grid, rtol=1e-13, atol=1e-15).y
    ref.put("dense output", d, "nfev", s.nfev)
    ref.put("dense output", d, "scipy_max_abs_err_dense", float(np.max(np.abs(s.sol(grid) - true))))

for e in data["events"]:
    ref.case = e["id"]
    if not e["id"].startswith(("ho_", "rational_")):
        continue
    texts = e.get("events") or [e["event"]]
    functions = []
    for text in texts:
        g = (lambda code: lambda t, y: eval(code, dict(FLOAT, y0=y[0], y1=y[1])))(compile(text, "event", "eval"))
        g.terminal, g.direction = e.get("terminal", False), e.get("direction", 0)
        functions.append(g)
    s = solve_ivp(floats(e), e["t"], e["y0"], RK45, events=functions, rtol=e["rtol"], atol=e["atol"])
    if "scipy_end" in e:
        ref.put("events", e, "scipy_end", s.t[-1])
    elif "scipy_count" in e:
        ref.put("events", e, "scipy_count", len(s.t_events[0]))
        ref.put("events", e, "scipy_nfev", s.nfev)
        exact = (np.arange(len(s.t_events[0])) + 0.5) * math.pi
        ref.put("events", e, "scipy_max_time_err", float(np.max(np.abs(s.t_events[0] - exact))))
    else:
        times = [t.tolist() for t in s.t_events]
        ref.put("events", e, "scipy", times if "events" in e else times[0])

rational = floats(problems["scipy_rational_fwd"])
for b in data["behaviour"]:
    ref.case = b["id"]
    if "scipy_nfev" not in b:
        continue
    options = {k: b[k] for k in ("max_step", "first_step") if k in b}
    s = solve_ivp(rational, b["t"], problems["scipy_rational_fwd"]["y0"], RK45, rtol=b["rtol"], atol=b["atol"], **options)
    ref.put("behaviour", b, "scipy_nfev", s.nfev)
    ref.put("behaviour", b, "scipy_steps", len(s.t) - 1)
    ref.put("behaviour", b, "scipy_t1", s.t[1])

fields = {
    "blowup_y2": (lambda t, y: y * y, 1.0, 2), "blowup_exp": (lambda t, y: np.exp(y), 0.0, 2),
    "nan_after_half": (lambda t, y: [math.nan if t > 0.5 else 1.0], 1.0, 1),
    "inf_rhs": (lambda t, y: [math.inf], 1.0, 1), "sqrt_domain": (lambda t, y: -np.sqrt(y), 1.0, 3),
}
np.seterr(all="ignore")
for d in data["failures"]:
    ref.case = d["id"]
    if d["id"] not in fields:
        continue  # SciPy never returns
    f, y0, t1 = fields[d["id"]]
    s = solve_ivp(f, (0, t1), [y0], RK45)
    ref.put("failures", d["scipy"], "status", int(s.status))
    ref.put("failures", d["scipy"], "t_last", s.t[-1])

print("SciPy %s, mpmath %s" % (scipy.__version__, mp.__version__))
ref.finish()
