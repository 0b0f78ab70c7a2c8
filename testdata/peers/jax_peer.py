"""JAX as a peer of hnn bench: jit in float32 and float64, whichever is faster, with as many threads as XLA takes. With --float64 in float64 alone.
The rollouts are SciPy's solve_ivp with a field under jit."""
import sys

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

import peer


def network(sizes, dtype):
    rng = np.random.default_rng(0)
    params = []
    for i, (n, m) in enumerate(zip(sizes[:-1], sizes[1:])):
        u = lambda *s: jnp.asarray(rng.uniform(-1, 1, s) / np.sqrt(n), dtype)
        params.append((u(m, n), u(m)) if i < len(sizes) - 2 else (u(m, n),))
    return params


def h(params, x):
    for w, b in params[:-1]:
        x = jnp.tanh(x @ w.T + b)
    return x @ params[-1][0].T


def field(params, x):
    g = jax.grad(lambda x: h(params, x).sum())(x)
    return jnp.stack([g[:, 1], -g[:, 0]], 1)


def loss(params, x, y):
    return ((field(params, x) - y) ** 2).mean() * 2


def step(params, m, v, t, x, y):
    """One step of Adam, with PyTorch's defaults."""
    g = jax.grad(loss)(params, x, y)
    t = t + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
    r = jnp.sqrt(1 - 0.999 ** t)
    s = 1e-3 / (1 - 0.9 ** t)
    return jax.tree.map(lambda p, m, v: p - s * m / (jnp.sqrt(v) / r + 1e-8), params, m, v), m, v, t


class Steps:
    """A training, as an operation: so many steps of it."""
    def __init__(self, sizes, rows, dtype):
        params = network(sizes, dtype)
        zero = lambda: jax.tree.map(jnp.zeros_like, params)
        self.state = params, zero(), zero(), jnp.zeros((), dtype)
        x = np.random.default_rng(1).uniform(-1, 1, (rows, 2))
        self.x, self.y = jnp.asarray(x, dtype), jnp.asarray(np.stack([x[:, 1], -x[:, 0]], 1), dtype)
        self.step = jax.jit(step, donate_argnums=(0, 1, 2, 3))

    def __call__(self, n):
        for _ in range(n):
            self.state = self.step(*self.state, self.x, self.y)
        jax.block_until_ready(self.state)


def shooting(sizes, segments, steps, dtype):
    """Loss and gradient of shooting, by the parameters and by the states at the starts of the segments."""
    params = network(sizes, dtype)
    rng = np.random.default_rng(1)
    start = jnp.asarray(rng.uniform(-1, 1, (segments, 2)), dtype)
    data = jnp.asarray(rng.uniform(-1, 1, (steps, segments, 2)), dtype)

    def loss(params, start):
        def rk4(x, y):
            h = 0.1
            k1 = field(params, x)
            k2 = field(params, x + h / 2 * k1)
            k3 = field(params, x + h / 2 * k2)
            k4 = field(params, x + h * k3)
            x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            return x, ((x - y) ** 2).sum()
        return jax.lax.scan(rk4, start, data)[1].mean()
    f = jax.jit(jax.value_and_grad(loss, (0, 1)))
    return lambda: jax.block_until_ready(f(params, start))


def learned(sizes, dtype):
    params = network(sizes, dtype)
    f = jax.jit(lambda x: field(params, x.astype(dtype)[None])[0])
    return lambda t, y: np.asarray(f(y))


def variants(name):
    kind, word, num = peer.parse(name)
    dtypes = {"float32": jnp.float32, "float64": jnp.float64}
    if "--float64" in sys.argv:
        del dtypes["float32"]
    sizes = list(map(int, word.split("-"))) if word[:1].isdigit() and "-" in word else None
    if kind == "step":
        return [(d, Steps(sizes, num["rows"], dtype)) for d, dtype in dtypes.items()]
    if kind == "shooting":
        return [(d, peer.repeat(shooting(sizes, num["segments"], num["steps"], dtype))) for d, dtype in dtypes.items()]
    if kind == "field":
        y = np.array([1.0, 0.0])
        return [(d, peer.repeat(lambda f=learned(sizes, dtype): f(0, y))) for d, dtype in dtypes.items()]
    if kind == "rollout" and sizes:
        return [(d, peer.repeat(lambda f=learned(sizes, dtype): solve_ivp(f, [0, 100], [1.0, 0.0], first_step=0.1, max_step=0.1)))
                for d, dtype in dtypes.items()]
    if kind == "tanh":
        x = jnp.linspace(-3, 3, 4096, dtype=jnp.float64)
        f = jax.jit(jnp.tanh)

        def tanh(n):
            for _ in range(-(-n // 4096)):
                f(x).block_until_ready()
        return [("float64", tanh)]


if __name__ == "__main__":
    peer.serve(variants)
