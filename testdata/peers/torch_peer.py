"""PyTorch as a peer of hnn bench: eager, in float32 and float64 with 1 and 2 threads, with its fused Adam and its
plain one, whichever is fastest. With --float64 it leaves float32 out. With --compile the training steps go through torch.compile.
The rollouts and the experiment are PyTorch's with SciPy's solve_ivp."""
import sys

import numpy as np
import torch
from scipy.integrate import solve_ivp

import peer

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def network(sizes, dtype):
    torch.manual_seed(0)
    layers = []
    for i in range(len(sizes) - 1):
        last = i == len(sizes) - 2
        layers.append(torch.nn.Linear(sizes[i], sizes[i + 1], bias=not last, dtype=dtype))
        if not last:
            layers.append(torch.nn.Tanh())
    return torch.nn.Sequential(*layers)


def field(net, x, hnn=True):
    """The derivatives of states x, which require gradients."""
    if not hnn:
        return net(x)
    g = torch.autograd.grad(net(x).sum(), x, create_graph=True)[0]
    return torch.stack([g[:, 1], -g[:, 0]], 1)


def states(rows, dtype):
    x = torch.rand(rows, 2, dtype=dtype) * 2 - 1
    return x, torch.stack([x[:, 1], -x[:, 0]], 1)


def threads(n, f):
    """An operation with so many threads."""
    def op(times):
        if torch.get_num_threads() != n:
            torch.set_num_threads(n)
        for _ in range(times):
            f()
    return op


def eager_step(sizes, rows, dtype, fused):
    net = network(sizes, dtype)
    opt = torch.optim.Adam(net.parameters(), 1e-3, **({"fused": True} if fused else {}))
    x, y = states(rows, dtype)

    def step():
        opt.zero_grad()
        xx = x.detach().requires_grad_()
        loss = ((field(net, xx) - y) ** 2).mean() * 2
        loss.backward()
        opt.step()
    return step


def compiled_step(sizes, rows, dtype, _):
    """The gradient as one compiled graph of torch.func, since torch.compile does not take a gradient of a gradient
    made by backward; then the fused Adam."""
    net = network(sizes, dtype)
    names = [n for n, _ in net.named_parameters()]
    params = [p for _, p in net.named_parameters()]
    opt = torch.optim.Adam(params, 1e-3, fused=True)
    x, y = states(rows, dtype)

    def loss(ps, x, y):
        h = lambda x: torch.func.functional_call(net, dict(zip(names, ps)), (x,)).sum()
        g = torch.func.grad(h)(x)
        return ((torch.stack([g[:, 1], -g[:, 0]], 1) - y) ** 2).mean() * 2
    gradient = torch.compile(torch.func.grad_and_value(loss), dynamic=False)

    def step():
        with torch.no_grad():
            gs, _ = gradient(tuple(p.detach() for p in params), x, y)
        for p, g in zip(params, gs):
            p.grad = g
        opt.step()
    return step


def pixels_step(rows, dtype, fused):
    """A step of hnn pixels at its default size: frames of 28×28, one pair, RK4, with equal weights."""
    torch.manual_seed(0)

    class Residual(torch.nn.Module):
        def __init__(self, sizes):
            super().__init__()
            self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b, dtype=dtype) for a, b in zip(sizes, sizes[1:]))

        def forward(self, x):
            x = torch.tanh(self.layers[0](x))
            for l in self.layers[1:-1]:
                x = x + torch.tanh(l(x))
            return self.layers[-1](x)

    n, tau = 2 * 28 * 28, 5.0
    encoder, decoder = Residual([n, 200, 200, 200, 2]), Residual([2, 200, 200, 200, n])
    net = network([2, 200, 200, 1], dtype)
    params = [p for m in (encoder, decoder, net) for p in m.parameters()]
    opt = torch.optim.Adam(params, 1e-3, weight_decay=1e-5, **({"fused": True} if fused else {}))
    frames = torch.rand(rows + 2, n // 2, dtype=dtype)
    x0 = torch.cat([frames[:-2], frames[1:-1]], 1)
    x1 = torch.cat([frames[1:-1], frames[2:]], 1)
    mean = torch.cat([frames.mean(0)] * 2)

    def f(z):
        g = torch.autograd.grad(net(z).sum(), z, create_graph=True)[0]
        return torch.stack([g[:, 1], -g[:, 0]], 1)

    def step():
        opt.zero_grad()
        z, z1 = encoder(torch.cat([x0, x1]) - mean).split(rows)
        h = 1 / tau
        k1 = f(z)
        k2 = f(z + h / 2 * k1)
        k3 = f(z + h / 2 * k2)
        k4 = f(z + h * k3)
        rate = (z1 - z) * tau
        motion = ((rate[:, 0] - (z[:, 1] + z1[:, 1]) / 2) ** 2).mean() + ((rate - (k1 + 2 * k2 + 2 * k3 + k4) / 6) ** 2).mean()
        loss = ((decoder(z) + mean - x0) ** 2).mean() + motion / z.var(0).mean()
        loss.backward()
        opt.step()
    return step


def learned(net, dtype):
    """The field of one state as solve_ivp takes it."""
    def rhs(t, y):
        x = torch.tensor(y, dtype=dtype).view(1, 2).requires_grad_()
        return field(net, x).detach().numpy().reshape(-1)
    return rhs


def rollout(rhs, start=(1.0, 0.0), T=100.0):
    return solve_ivp(rhs, [0, T], list(start), first_step=0.1, max_step=0.1)


def true(t, v):
    return [v[1], -v[0]]


def experiment(epochs):
    """What hnn spring does: data, both trainings, rollouts and their scores; float32, one thread."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)

    def trajectory():
        r, phi = np.sqrt(2 * rng.uniform(0.2, 1)), rng.uniform(0, np.pi)
        y = rollout(true, (r * np.cos(phi), r * np.sin(phi))).y.T
        d = np.stack([y[:, 1], -y[:, 0]], 1)
        return (y + 0.1 * rng.standard_normal(y.shape)).astype(np.float32), d.astype(np.float32)
    train, test = [trajectory() for _ in range(25)], [trajectory() for _ in range(25)]
    scores = []
    for hnn in (False, True):
        net = network([2, 128, 64, 32, 1 if hnn else 2], torch.float32)
        opt = torch.optim.Adam(net.parameters(), 1e-3)
        for _ in range(epochs):
            for i in rng.permutation(25):
                x, y = torch.from_numpy(train[i][0]).requires_grad_(), torch.from_numpy(train[i][1])
                loss = ((field(net, x, hnn) - y) ** 2).mean() * 2
                opt.zero_grad()
                loss.backward()
                opt.step()
        for x, y in test:
            x = torch.from_numpy(x).requires_grad_()
            scores.append(((field(net, x, hnn) - torch.from_numpy(y)) ** 2).mean().item())

        def rhs(t, y):
            x = torch.tensor(y, dtype=torch.float32).view(1, 2).requires_grad_()
            return field(net, x, hnn).detach().numpy().reshape(-1)
        for e0 in (0.25, 0.5, 0.9):
            y = rollout(rhs, (np.sqrt(2 * e0), 0.0)).y
            scores.append(np.abs((y ** 2).sum(0) / 2 - e0).max() / e0)
    return scores


def variants(name):
    kind, word, num = peer.parse(name)
    if kind in ("matmul", "matmulT", "tmatmul"):
        f = peer.product(kind, word, lambda r, c: torch.rand(r, c, dtype=torch.float64))
        return [("float64, 1 thread", threads(1, f))]
    if kind == "tanh":
        x = torch.rand(4096, dtype=torch.float64) * 6 - 3

        def tanh(n):  # n values, in whole blocks
            torch.set_num_threads(1)
            for _ in range(-(-n // 4096)):
                torch.tanh(x)
        return [("float64, 1 thread", tanh)]
    if kind == "step":
        sizes, rows = list(map(int, word.split("-"))), num["rows"]
        make, modes = (compiled_step, ["compiled"]) if COMPILE else (eager_step, ["", "fused Adam"])
        counts = (1,) if COMPILE and rows < 100 else (1, 2)
        return [(", ".join(w for w in (d, "%d threads" % t if t > 1 else "1 thread", mode) if w),
                 threads(t, make(sizes, rows, dtype, mode == "fused Adam")))
                for d, dtype in DTYPES.items() for t in counts for mode in modes]
    if COMPILE:
        return None
    if kind == "pixels":
        return [("%s, %d threads%s" % (d, t, ", fused Adam" if fused else ""), threads(t, pixels_step(num["rows"], dtype, fused)))
                for d, dtype in DTYPES.items() for t in (1, 2) for fused in (False, True)]
    if kind == "field" or kind == "rollout" and word != "spring":
        out = []
        for d, dtype in DTYPES.items():
            rhs = learned(network(list(map(int, word.split("-"))), dtype), dtype)
            y = np.array([1.0, 0.0])
            f = (lambda rhs=rhs: rhs(0, y)) if kind == "field" else (lambda rhs=rhs: rollout(rhs))
            out.append((d + ", 1 thread", threads(1, f)))
        return out
    if kind == "rollout":
        return [("SciPy", peer.repeat(lambda: rollout(true)))]
    if kind == "experiment":
        return [("float32, 1 thread", threads(1, lambda: experiment(num["epochs"])))]


COMPILE = "--compile" in sys.argv
if "--float64" in sys.argv:
    del DTYPES["float32"]
if __name__ == "__main__":
    peer.serve(variants)
