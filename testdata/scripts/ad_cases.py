"""Makes the numbers of ../ad_cases.json again: derivative ladders with mpmath in 60 digits, the rest with PyTorch in
float64. Cases whose expected value is a text or a rule ("identical bits", "shapes as stated") have no numbers.

    pip install torch numpy mpmath
    python testdata/scripts/ad_cases.py [-update]
"""
import math
import sys

import mpmath as mp
import torch

from reference import Reference

mp.mp.dps = 60
torch.set_default_dtype(torch.float64)
ref = Reference("ad_cases.json", 1e-11)
cases = {c["id"]: c for c in ref.data["cases"]}


def grad(y, x):
    """dy/dx, with zeros where y does not depend on x."""
    if not y.requires_grad:
        return torch.zeros_like(x)
    g = torch.autograd.grad(y, x, create_graph=True, allow_unused=True)[0]
    return torch.zeros_like(x) if g is None else g


def ladder(f, x, n):
    """f and its derivatives to order n, by PyTorch."""
    x = torch.tensor(float(x), requires_grad=True)
    out = [f(x)]
    for _ in range(n):
        out.append(grad(out[-1], x))
    return [v.item() for v in out]


def numbers(values):
    """With NaN and infinities as the file writes them."""
    return ["NaN" if v != v else ("+Inf" if v > 0 else "-Inf") if math.isinf(v) else v for v in values]


# Derivatives of functions of one number: exact, by Taylor series of 60 digits.
exact = {
    "tanh": mp.tanh, "sin": mp.sin, "cos": mp.cos, "exp": mp.exp, "log": mp.log, "sqrt": mp.sqrt,
    "reciprocal 1/x": lambda x: 1 / x,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "x^3 (pow, integer exponent)": lambda x: x**3,
    "x^2.5": lambda x: x**mp.mpf("2.5"),
    "tanh(sin(x)*x) + x*x": lambda x: mp.tanh(mp.sin(x) * x) + x * x,
    "exp(-x*x/2)": lambda x: mp.exp(-x * x / 2),
}
for row in cases["derivative_ladders"]["expected"]:
    n = len(row["derivatives_0_to_n"]) - 1
    series = mp.taylor(exact[row["f"]], mp.mpf(row["x"]), n)
    ref.put("derivative_ladders", row, "derivatives_0_to_n", [mp.chop(c * mp.factorial(k), 1e-40) for k, c in enumerate(series)])

e = cases["fanout_repeated_use"]["expected"]
for key, v in zip(("f", "df", "d2f"), ladder(lambda x: x * x + x * torch.sin(x) + x, 1.3, 2)):
    ref.put("fanout_repeated_use", e, key, v)
e = cases["stop_gradient"]["expected"]
for key, v in zip(("f", "df", "d2f"), ladder(lambda x: torch.sin(x) * torch.cos(x.detach()), 3.14, 1)):
    ref.put("stop_gradient", e, key, v)
x = torch.tensor(3.14, requires_grad=True)
ref.put("stop_gradient", e, "d2f", grad(torch.cos(x) * torch.cos(x.detach()), x).item())

e = cases["diamond_60"]["expected"]
x = torch.tensor(1.0, requires_grad=True)
y = x
for _ in range(60):
    y = y + y
ref.put("diamond_60", e, "dy_dx", grad(y, x).item())
ref.put("diamond_60", e, "second_derivative", 0.0)

e = cases["nonparticipating_input"]["expected"]
x, y = torch.tensor([[1.0, -2.0]], requires_grad=True), torch.ones(2, 3, requires_grad=True)
f = (x * x).sum()
ref.put("nonparticipating_input", e, "dx", grad(f, x).tolist())
ref.put("nonparticipating_input", e, "dy", grad(f, y).tolist())

# Broadcasting: all first gradients, the sum S of their squares, and its gradients.
functions = {
    "bcast_row_bias": lambda X, b: ((X + b) ** 3).sum(),
    "bcast_col_scale": lambda X, c: torch.sin(X * c).sum(),
    "bcast_1x1_with_1xn": lambda s, r: ((s * r) ** 2 + r / s).sum(),
    "reduce_mean_axis": lambda X: (X.mean(0) ** 3).sum() + X.mean() ** 2,
    "matmul_bias_double_backward": lambda X, W, b: (torch.tanh(X @ W + b) ** 2).mean(),
    "slice_concat_flip": lambda X: (torch.sin(torch.cat([X[:, 2:4], -X[:, 0:2]], 1)) * X).sum(),
}
for name, f in functions.items():
    c = cases[name]
    v = {k: torch.tensor(m, requires_grad=True) for k, m in c["inputs"].items()}
    y = f(**v)
    first = torch.autograd.grad(y, list(v.values()), create_graph=True)
    S = sum((g**2).sum() for g in first)
    second = torch.autograd.grad(S, list(v.values()), allow_unused=True)
    e = c["expected"]
    ref.put(name, e, "f", y.item())
    ref.put(name, e, "grads", {k: g.tolist() for k, g in zip(v, first)})
    ref.put(name, e, "S_sum_sq_of_all_grads", S.item())
    ref.put(name, e, "dS", {k: g.tolist() for k, g in zip(v, second)})

e = cases["rosenbrock_2d"]["expected"]
rosenbrock = lambda v: (1 - v[0]) ** 2 + 100 * (v[1] - v[0] ** 2) ** 2
for point, at in {"(-1.2,1)": [-1.2, 1.0], "(1,1)": [1.0, 1.0]}.items():
    v = torch.tensor(at, requires_grad=True)
    ref.put("rosenbrock_2d", e[point], "f", rosenbrock(v).item())
    ref.put("rosenbrock_2d", e[point], "grad", grad(rosenbrock(v), v).tolist())
    ref.put("rosenbrock_2d", e[point], "hess", torch.autograd.functional.hessian(rosenbrock, v).tolist())

for row in cases["tanh_saturation"]["expected"]:
    # t' = 1 - t^2, t'' = -2 t t'; 1/cosh^2 does not cancel
    X = mp.mpf(row["x"])
    d = 1 / mp.cosh(X) ** 2 if abs(X) < 1000 else mp.mpf(0)
    ref.put("tanh_saturation, exact", row, "exact", [mp.tanh(X), d, -2 * mp.tanh(X) * d])
    ref.put("tanh_saturation, PyTorch", row, "torch", ladder(torch.tanh, row["x"], 3))

e = cases["sqrt_at_zero"]["expected"]
for key, v in zip(("value", "grad", "second"), numbers(ladder(torch.sqrt, 0, 2))):
    ref.put("edges", e, key, v)
ref.put("edges", e, "sqrt_xx_at_0", numbers(ladder(lambda x: torch.sqrt(x * x), 0, 1))[1])
ref.put("edges", e, "neg", numbers(ladder(torch.sqrt, -1, 1)))
e = cases["log_at_zero"]["expected"]
for key, v in zip(("value", "grad"), numbers(ladder(torch.log, 0, 1))):
    ref.put("edges", e, key, v)
ref.put("edges", e, "x_log_x_at_0", numbers(ladder(lambda x: x * torch.log(x), 0, 1)))
e = cases["kinks"]["expected"]
ref.put("edges", e, "relu0", ladder(torch.relu, 0, 1)[1])
ref.put("edges", e, "abs0", ladder(torch.abs, 0, 1)[1])
e = cases["overflow_stable_ops"]["expected"]
softplus = torch.nn.functional.softplus
ref.put("edges", e, "softplus_1000", ladder(softplus, 1000, 1))
ref.put("edges", e, "softplus_m1000", ladder(softplus, -1000, 1))
ref.put("edges", e, "logsumexp", torch.logsumexp(torch.tensor([1000.0, 1000.5]), 0).item())
e = cases["nonscalar_output"]["expected"]
A = torch.tensor([[1.0, -1.0], [0.5, 2.0]], requires_grad=True)
ref.put("edges", e, "vjp", torch.autograd.grad(A * A, A, torch.tensor([[1.0, 2.0], [3.0, 4.0]]))[0].tolist())

for row in cases["pow_zero_and_negative_base"]["expected"]:
    # d^k/dx^k x^c = c (c-1) … (c-k+1) x^(c-k), which is 0 once the factor is
    b, c, out, factor = row["base"], row["exponent"], [], 1.0
    for k in range(4):
        out.append(factor and factor * torch.pow(torch.tensor(float(b)), float(c - k)).item())
        factor *= c - k
    ref.put("pow_zero_and_negative_base", row, "derivatives_0_to_3", numbers(out))

e = cases["long_tape_1e6"]["expected"]
y = (1 + mp.mpf("1e-6")) ** 1000000
ref.put("long_tape_1e6", e, "y", y)
ref.put("long_tape_1e6", e, "dy_dx", y)
ref.put("long_tape_1e6", e, "d2y", 0.0)

if "-update" in sys.argv[1:]:
    ref.data["meta"]["torch"] = torch.__version__
print("PyTorch %s, mpmath %s" % (torch.__version__, mp.__version__))
ref.finish()
