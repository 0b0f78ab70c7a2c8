"""NumPy and SciPy as a peer of hnn bench: products with NumPy's BLAS on one thread, and solve_ivp for the spring."""
import os

for v in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[v] = "1"
import numpy as np
from scipy.integrate import solve_ivp

import peer


def variants(name):
    kind, word, _ = peer.parse(name)
    if kind in ("matmul", "matmulT", "tmatmul"):
        return [("NumPy, float64, 1 thread", peer.repeat(peer.product(kind, word, np.random.rand)))]
    if kind == "tanh":
        x = np.linspace(-3, 3, 4096)

        def tanh(n):
            for _ in range(-(-n // 4096)):
                np.tanh(x)
        return [("NumPy, float64", tanh)]
    if name == "rollout spring":
        return [("solve_ivp", peer.repeat(
            lambda: solve_ivp(lambda t, v: [v[1], -v[0]], [0, 100], [1.0, 0.0], first_step=0.1, max_step=0.1)))]


if __name__ == "__main__":
    peer.serve(variants)
