"""phlearn as a peer of hnn train: trains a PseudoHamiltonianNN on a CSV of hnn simulate, follows it from
the first state of each run of a second one, and prints the root mean square
of the error, which is coord_rmse of hnn eval.

The settings are those of train_model.py of its repository: layers of 100, Adam with 1e-3 and a weight decay of
1e-4, batches of 32, 100 epochs. Momenta are damped, and the input u is a known force on the last of them."""
import argparse
import csv

import numpy as np
import torch
from phlearn.phnns import HamiltonianNN, PseudoHamiltonianNN, R_estimator, train


def read(name):
    """Returns the names of the states, and t, x and u of each run."""
    with open(name) as f:
        header = next(csv.reader(f))
        rows = np.array([[float(v) for v in row] for row in csv.reader(f)])
    at = {n: i for i, n in enumerate(header)}
    names = [n for n in header if "d" + n in at]
    runs = [rows[rows[:, at["run"]] == r] for r in np.unique(rows[:, at["run"]])]
    return names, [(r[:, at["t"]], r[:, [at[n] for n in names]], r[:, at["u"]] if "u" in at else None) for r in runs]


class Kinetic(torch.nn.Module):
    """H = p²/2 + net(q), what -H 'p^2/2+net(q)' of hnn train knows."""
    def __init__(self, d, hidden):
        super().__init__()
        self.d, self.net = d, HamiltonianNN(d, hidden)

    def forward(self, x=None, t=None):
        return (x[..., self.d:]**2).sum(-1, keepdim=True)/2 + self.net(x[..., :self.d])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("train")
    p.add_argument("test")
    p.add_argument("--integrator", default="srk4", help="midpoint, srk4 or rk4")
    p.add_argument("--kinetic", action="store_true", help="the kinetic energy is known")
    p.add_argument("--epochs", type=int, default=100)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    torch.manual_seed(a.seed)
    torch.set_num_threads(1)
    names, runs = read(a.train)
    _, tests = read(a.test)
    n = len(names)
    damped = [i >= n//2 for i in range(n)]
    force = None
    if runs[0][2] is not None:  # on a line between rows, the same in every run
        times, u = (torch.tensor(v, dtype=torch.float32) for v in (runs[0][0], runs[0][2]))

        def force(x, t):
            k = torch.clamp(torch.searchsorted(times, t.detach().contiguous(), right=True) - 1, 0, len(times) - 2)
            w = (t - times[k])/(times[k + 1] - times[k])
            zero = torch.zeros(x.shape[:-1] + (n - 1,))
            return torch.cat([zero, ((1 - w)*u[k] + w*u[k + 1]).expand(x.shape[:-1] + (1,))], -1)
    model = PseudoHamiltonianNN(n, hamiltonian_est=Kinetic(n//2, 100) if a.kinetic else HamiltonianNN(n, 100),
                                dissipation_est=R_estimator(damped), external_forces_true=force)
    tensor = lambda pick: torch.tensor(np.concatenate([pick(*r) for r in runs]), dtype=torch.float32)
    x0, x1 = tensor(lambda t, x, u: x[:-1]), tensor(lambda t, x, u: x[1:])
    t0, t1 = tensor(lambda t, x, u: t[:-1, None]), tensor(lambda t, x, u: t[1:, None])
    data = ((x0, x1, t0, t1, t1 - t0, torch.zeros_like(x0)), (x1 - x0)/(t1 - t0))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
    model, _ = train(model, a.integrator, data, optimizer, epochs=a.epochs, batch_size=32, shuffle=True, verbose=False)
    squares = []
    for t, x, _ in tests:
        fine = np.interp(np.arange(4*len(t) - 3)/4, np.arange(len(t)), t)  # steps of a quarter of a row
        y, _ = model.simulate_trajectory(integrator="rk4", t_sample=fine, x0=x[0])
        squares.append(((y[::4] - x)**2).sum(1))
    print("friction", np.abs(model.R.get_parameters()), "coord_rmse", np.sqrt(np.mean(np.concatenate(squares))))


if __name__ == "__main__":
    main()
