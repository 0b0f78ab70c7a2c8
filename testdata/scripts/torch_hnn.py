"""Makes the numbers of ../torch_hnn_reference.json again with PyTorch in float64, from the weights and states in it.

    pip install torch numpy scipy
    python testdata/scripts/torch_hnn.py [-update]

The field with the initial weights is also integrated by SciPy. What the numbers mean is in meta.conventions of the file.
"""
import sys

import numpy as np
import torch
from scipy.integrate import RK45, solve_ivp

from reference import Reference

torch.set_default_dtype(torch.float64)
ref = Reference("torch_hnn_reference.json", 1e-12)
data = ref.data
x, dx = torch.tensor(data["x"]), torch.tensor(data["dx"])


def params(weights):
    return {k: torch.tensor(v, requires_grad=True) for k, v in weights.items()}


def mlp(w, x):
    a = torch.tanh(x @ w["W1"].T + w["b1"])
    a = torch.tanh(a @ w["W2"].T + w["b2"])
    return a @ w["W3"].T


def gradient(w, x):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(mlp(w, x).sum(), x, create_graph=True)[0]


def field(w, x):
    g = gradient(w, x)
    return torch.stack([g[:, 1], -g[:, 0]], 1)


def mse(a, b):
    return ((a - b) ** 2).mean()


def loss_sum(w):
    f = field(w, x)
    return mse(f[:, 0], dx[:, 0]) + mse(f[:, 1], dx[:, 1])


def loss_mean(w):
    return mse(field(w, x), dx)


def loss_baseline(w):
    return mse(mlp(w, x), dx)


def numbers(w):
    return {k: v.tolist() for k, v in w.items()}


def grads(loss, w):
    return {k: g.tolist() for k, g in zip(w, torch.autograd.grad(loss(w), list(w.values())))}


def adam(name, holder, weights, loss, decay):
    """Trains, and puts what the file has of the steps."""
    w = params(weights)
    opt = torch.optim.Adam(w.values(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=decay)
    before = []
    for step in range(1, max(int(k) for k in holder if k.isdigit()) + 1):
        opt.zero_grad()
        l = loss(w)
        l.backward()
        opt.step()
        before.append(l.item())
        h = holder.get(str(step))
        if not h:
            continue
        section = "%s, step %d" % (name, step)
        ref.put(section, h, "params", numbers(w))
        ref.put(section, h, "loss_after", loss(w).item())
        for key in ("exp_avg", "exp_avg_sq"):
            if "adam_" + key in h:
                ref.put(section, h, "adam_" + key, {k: opt.state[p][key].tolist() for k, p in w.items()})
    ref.put(name + ", losses", holder["loss_before_step"], "first_10", before[:10])


w = params(data["weights"])
fwd = data["forward"]
ref.put("forward", fwd, "H", mlp(w, x)[:, 0].tolist())
ref.put("forward", fwd, "dHdx", gradient(w, x).tolist())
ref.put("forward", fwd, "field", field(w, x).tolist())
ref.put("forward", fwd, "hessian_H_wrt_x",
        [torch.autograd.functional.hessian(lambda v: mlp(w, v[None]).sum(), row).tolist() for row in x])
f = field(w, x)
loss = data["loss"]
ref.put("loss", loss, "mse_q", mse(f[:, 0], dx[:, 0]).item())
ref.put("loss", loss, "mse_p", mse(f[:, 1], dx[:, 1]).item())
ref.put("loss", loss, "loss_sum", loss_sum(w).item())
ref.put("loss", loss, "loss_mean_all", loss_mean(w).item())
ref.put("grads", data, "grads", grads(loss_sum, w))
for name, (of, decay) in {"no_weight_decay": (loss_sum, 0), "weight_decay_1e-4": (loss_sum, 1e-4),
                          "greydanus_setting_loss_mean_all_weight_decay_1e-4": (loss_mean, 1e-4)}.items():
    adam("adam " + name.split("_loss")[0], data["adam"][name], data["weights"], of, decay)


def rhs(t, y):
    return field(w, torch.tensor(np.asarray(y))[None])[0].detach().numpy()


traj = data["trajectory"]
y0 = np.array(traj["y0"])
rk4, y = traj["rk4"], y0
h, path = rk4["h"], [y0]
for _ in range(rk4["n_steps"]):
    k1 = rhs(0, y)
    k2 = rhs(0, y + h / 2 * k1)
    k3 = rhs(0, y + h / 2 * k2)
    k4 = rhs(0, y + h * k3)
    y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    path.append(y)
energy = lambda y: mlp(w, torch.tensor(y)[None]).item()
ref.put("rk4", rk4, "y_step_1", path[1].tolist())
ref.put("rk4", rk4, "y_mid", path[rk4["n_steps"] // 2].tolist())
ref.put("rk4", rk4, "y_end", y.tolist())
ref.put("rk4", rk4, "H_start", energy(y0))
ref.put("rk4", rk4, "H_end", energy(y))
flow = traj["reference_flow_dop853_rtol1e-13"]
s = solve_ivp(rhs, (0, traj["T"]), y0, "DOP853", t_eval=flow["t"], rtol=1e-13, atol=1e-15)
ref.put("flow by DOP853", flow, "y", s.y.T.tolist())
sci = traj["scipy_rk45_rtol1e-6_atol1e-9"]
solver, accepted = RK45(rhs, 0, y0, traj["T"], rtol=1e-6, atol=1e-9), 0
while solver.status == "running":
    solver.step()
    accepted += 1
ref.put("SciPy's RK45", sci, "nfev", solver.nfev)
ref.put("SciPy's RK45", sci, "n_accepted", accepted)
ref.put("SciPy's RK45", sci, "y_end", solver.y.tolist())

base = data["baseline"]
w = params(base["weights"])
ref.put("baseline", base, "output", mlp(w, x).tolist())
ref.put("baseline", base, "loss", loss_baseline(w).item())
ref.put("baseline", base, "grads", grads(loss_baseline, w))
adam("baseline, adam", base["adam_no_weight_decay"], base["weights"], loss_baseline, 0)

data["meta"]["script"] = "scripts/torch_hnn.py"
if "-update" in sys.argv[1:]:
    data["meta"]["torch"] = torch.__version__
print("PyTorch", torch.__version__)
ref.finish()
