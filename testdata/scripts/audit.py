"""Three results of hnn recomputed with nothing but Python, from the files that it writes and the formulas of its comments:

    hnn spring
    hnn simulate -system pendulum -n 1 -duration 4 -dt 0.2 -o a.csv
    for n in 1 2; do hnn train -hidden 4 -epochs $n -batch 21 -schedule constant -objective derivatives \
        -checkpoint c$n.json -o m$n.json a.csv; done
    python3 testdata/scripts/audit.py
"""
import cmath, csv, json, math, sys

wrong = 0


def table(name):
    with open(name) as f:
        return [{k: float(v) if v and k != "model" else v for k, v in row.items()} for row in csv.DictReader(f)]


def field(layers, x, mu=(0, 0), s=(1, 1), tau=1):
    """H = (c/τ) K((x − μ)/s) and [∂H/∂p, −∂H/∂q], by the chain rule from the last layer to the first."""
    a, tanhs = [(v - m) / u for v, m, u in zip(x, mu, s)], []
    for i, (w, b) in enumerate(layers):
        a = [sum(w_ * a_ for w_, a_ in zip(row, a)) + c for row, c in zip(w, b)]
        if i < len(layers) - 1:
            a = [cmath.tanh(v) for v in a]
            tanhs.append(a)
    g = [1]
    for (w, _), t in zip(reversed(layers), [None] + tanhs[::-1]):
        if t:
            g = [v * (1 - u * u) for v, u in zip(g, t)]
        g = [sum(w[k][j] * g[k] for k in range(len(w))) for j in range(len(w[0]))]
    c = s[0] * s[1] / tau
    return c * a[0], c * g[1] / s[1], -c * g[0] / s[0]


def report(what, ours, theirs):
    global wrong
    wrong += not abs(ours - theirs) <= 1e-13 * max(abs(theirs), 1e-3)
    print(f"{what:52} {ours:.15g}   hnn: {theirs:.15g}   difference {abs(ours - theirs):.1e}")


# 1. Scores of a rollout, from q and p alone (spring.Score): E = p²/2 + q²/2.
rows = [r for r in table("out/trajectory.csv") if r["model"] == "hnn" and r["run"] == 1]
E = [r["p"] ** 2 / 2 + r["q"] ** 2 / 2 for r in rows]
want = next(r for r in table("out/summary.csv") if r["model"] == "hnn" and r["run"] == 1)
report("mean (E − E₀)², J²", sum((e - E[0]) ** 2 for e in E) / len(E), want["energy_mse"])
report("largest |E − E₀|/E₀", max(abs(e - E[0]) / E[0] for e in E), want["max_drift"])

# 2. H and its field at a state, from the weights (nn.Save, nn.HNN).
with open("out/hnn.json") as f:
    net = json.load(f)["parts"]["network"]["layers"]
net = [(l["w"], l.get("b", [0])) for l in net]
row = table("out/field.csv")[700]
for name, v in zip(("H", "dq", "dp"), field(net, (row["q"], row["p"]))):
    report(f"{name} of the network at q = {row['q']:.3f}, p = {row['p']:.3f}", v.real, row[name + "_hnn"])

# 3. The second step of Adam (nn.FieldLoss, nn.Adam). The gradient is ∂L/∂θ = Im L(θ + iε)/ε, with ε so small that it is exact.
first, second = (json.load(open(f"c{n}.json")) for n in (1, 2))
s = json.load(open("m1.json"))["parts"]["scaling"]
theta, data = sum(first["parameters"], []), table("a.csv")


def loss(th):
    w = [([th[0:2], th[2:4], th[4:6], th[6:8]], th[8:12]), ([th[12:16]], [0])]
    total = 0
    for r in data:
        _, dq, dp = field(w, (r["q"], r["p"]), s["mu"], s["s"], s["tau"])
        total += ((dq - r["dq"]) * s["tau"] / s["s"][0]) ** 2 + ((dp - r["dp"]) * s["tau"] / s["s"][1]) ** 2
    return total / len(data)


g = [loss([v + (1e-30j if k == i else 0) for k, v in enumerate(theta)]).imag / 1e-30 for i in range(len(theta))]
report("loss before the step", loss(theta).real, second["epochs"][1][2])
rule = first["state"]["rule"]
worst = 0.0
for t, g_, m, v, after in zip(theta, g, sum(rule["m"], []), sum(rule["v"], []), sum(second["parameters"], [])):
    m, v = 0.9 * m + 0.1 * g_, 0.999 * v + 0.001 * g_ * g_
    t -= 0.002 / (1 - 0.9**2) * m / (math.sqrt(v) / math.sqrt(1 - 0.999**2) + 1e-8)
    worst = max(worst, abs(t - after))
report("largest difference of a weight after the step", worst, 0.0)
sys.exit(wrong > 0)
