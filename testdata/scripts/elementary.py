"""Makes the constants of autodiff/elementary and autodiff/kernel again, or checks them where that is not possible, and compares them with the
Go source.

    pip install mpmath
    python testdata/scripts/elementary.py

1. Constants that are numbers rounded to float64 (ln 2, pi/2, 2/pi, …) are computed and must be equal to the last bit.
2. The polynomials cannot be made again to the last bit: the points and weights of the fits were not kept. For each, this
   script computes the error of the coefficients in the source, in 50 digits, and compares it with the bound that the
   source states and with that of the best polynomial with real coefficients that Remez exchange finds. It also prints a
   new fit and its error: one coefficient at a time is rounded to float64, lowest first, and the rest fitted again.
"""
import os
import re
import struct
import sys

import mpmath as mp

mp.mp.dps = 50
HERE = os.path.dirname(os.path.abspath(__file__))
HEX = r"-?0x1(?:\.[0-9a-f]+)?p[+-]\d+"
failed = []


def read(name):
    folder = "kernel" if name == "isa_amd64.go" else "elementary"
    with open(os.path.join(HERE, "..", "..", "autodiff", folder, name), encoding="utf-8") as f:
        return re.sub(r"//.*", "", f.read())  # without comments


def value(text):
    return mp.mpf(float.fromhex(text))


def show(v):
    """The number as Go writes it: without zeros at the end."""
    return re.sub(r"(\.[0-9a-f]*?)0+p", r"\1p", float(v).hex()).replace(".p", "p")


def function(file, name):
    """The text of a function."""
    return re.search(r"\nfunc %s\(.*?\n}" % name, read(file), re.S).group(0)


def check(what, ok, text):
    print("%-6s %-34s %s" % ("ok" if ok else "FAILED", what, text))
    if not ok:
        failed.append(what)


# 1. Numbers.

def rest(x, *parts):
    """The nearest float64 to what the parts leave of x."""
    return mp.mpf(float(x - sum(parts)))


def constant(file, pattern, want, note):
    """The constant after the pattern must be want."""
    m = re.search(pattern + r"\s*(%s)" % HEX, read(file))
    got = m.group(1) if m else "nothing"
    ok = got != "nothing" and value(got) == want
    check(file + " " + pattern.strip(" =,").replace("\\", ""), ok, show(want) + " " + (note if ok else "but the source has " + got))


ln2 = mp.log(2)
ln2hi = mp.floor(ln2 * 2**32) / 2**32
pi2 = mp.pi / 2
a = rest(pi2)
b = rest(pi2, a)
constant("exp.go", r"log2e =", rest(1 / ln2), "1/ln 2")
constant("exp.go", r"ln2hi =", ln2hi, "ln 2 to 32 bits")
constant("exp.go", r"ln2lo =", rest(ln2, ln2hi), "the rest")
constant("trig.go", r"piA =", a, "pi/2")
constant("trig.go", r"piB =", b, "the rest")
constant("trig.go", r"piC =", rest(pi2, a, b), "the rest of that")
constant("trig.go", r"math.FMA\(x,", rest(2 / mp.pi), "2/pi")
body = function("pow.go", "logDouble")
for text, x, sign in (("2/5", mp.mpf(2) / 5, -1), ("2/3", mp.mpf(2) / 3, 1)):
    hi = rest(x)
    m = re.search(r"addSmall\(%s,.*?ul (?:-=|\+) (%s)" % (re.escape(show(hi)), HEX), body, re.S)
    lo = sign * value(m.group(1)) if m else mp.mpf(0)
    if lo == rest(x, hi):
        check("pow.go " + text, True, "%s and the rest, %s" % (show(hi), show(lo)))
    else:
        # In log x = 2s + s z (2/3 + z (2/5 + ...)) an error e of 2/5 is one of z^2 e/2 of the result.
        z = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2
        error = abs(x - hi - lo) * z**2 / 2
        check("pow.go " + text, error < mp.mpf(2) ** -67, "%s and %s, where the nearest rest is %s; it changes log x by at most 2^%.1f, stated 2^-67"
              % (show(hi), show(lo), show(rest(x, hi)), mp.log(error, 2)))
with mp.workdps(450):
    bits = int(mp.floor(2 / mp.pi * mp.mpf(2) ** 1280))
words = [bits >> (1280 - 64 * (i + 1)) & (1 << 64) - 1 for i in range(20)]
table = re.search(r"twoOverPi = \[\.\.\.\]uint64\{0,(.*?)\}", read("trig.go"), re.S).group(1)
check("trig.go twoOverPi", [int(w, 16) for w in re.findall(r"0x[0-9a-f]{16}", table)] == words, "1280 bits of 2/pi in 20 words")
root = re.search(r"rootHalf = (0x[0-9a-f]+)", read("exp.go")).group(1)
nearest = struct.unpack(">Q", struct.pack(">d", float(mp.sqrt(mp.mpf(1) / 2))))[0]
check("elementary.go rootHalf", int(root, 16) == nearest, "bits of the root of 1/2")


# 2. Polynomials.

def solve(target, weight, powers, lo, hi):
    """The c_k that minimise max |weight(x) (sum c_k x^k - target(x))|, and that maximum, by Remez exchange."""
    n = len(powers)
    node = lambda i, m: (lo + hi) / 2 - (hi - lo) / 2 * mp.cos(mp.pi * i / m)
    xs = [node(2 * i + 1, 2 * (n + 1)) for i in range(n + 1)]
    xs = [x if abs(x) > (hi - lo) / 1000 else (hi - lo) / 1000 for x in xs]  # the weight may be 0 at 0
    grid = [node(i, 60 * (n + 1)) for i in range(60 * (n + 1) + 1)]
    values = [(t, target(t), weight(t)) for t in grid if abs(t) > (hi - lo) / 10**9]
    for _ in range(20):
        m, v = mp.matrix(n + 1, n + 1), mp.matrix(n + 1, 1)
        for i, x in enumerate(xs):
            for j, k in enumerate(powers):
                m[i, j] = x**k
            m[i, n], v[i] = (-1) ** i / weight(x), target(x)
        c = list(mp.lu_solve(m, v))
        level = abs(c.pop())
        peaks = []  # the largest error between two changes of sign
        for t, g, w in values:
            e = w * (sum(ck * t**k for ck, k in zip(c, powers)) - g)
            if peaks and (peaks[-1][1] > 0) == (e > 0):
                if abs(e) > abs(peaks[-1][1]):
                    peaks[-1] = t, e
            else:
                peaks.append((t, e))
        worst = max(abs(e) for _, e in peaks)
        while len(peaks) > n + 1:
            peaks.pop(0 if abs(peaks[0][1]) < abs(peaks[-1][1]) else -1)
        if len(peaks) < n + 1 or worst < level * mp.mpf("1.0001"):
            break
        xs = [t for t, _ in peaks]
    return c, worst


def fit(target, weight, powers, lo, hi, fixed):
    """The fit of float64 coefficients, and the error of that of real ones."""
    done, best = dict(fixed), None
    while powers:
        c, e = solve(lambda x: target(x) - sum(v * x**k for k, v in done.items()), weight, powers, lo, hi)
        best = best or e
        done[powers[0]], powers = mp.mpf(float(c[0])), powers[1:]
    return done, best


def largest(c, target, weight, lo, hi):
    """The largest weighted error of the polynomial with coefficients c."""
    points = [(lo + hi) / 2 - (hi - lo) / 2 * mp.cos(mp.pi * i / 2000) for i in range(2001)]
    return max(abs(weight(x) * (mp.polyval(c[::-1], x) - target(x))) for x in points if abs(x) > (hi - lo) / 10**9)


def polynomial(what, coefficients, target, weight, lo, hi, bound, fixed=()):
    """Checks coefficients, lowest first, against the stated bound, which is rounded to a power of 2."""
    c = [value(x) if isinstance(x, str) else x for x in coefficients]
    again, best = fit(target, weight, [k for k in range(len(c)) if k not in dict(fixed)], lo, hi, fixed)
    again = [again[k] for k in range(len(c))]
    e, e2 = largest(c, target, weight, lo, hi), largest(again, target, weight, lo, hi)
    check(what, e <= mp.mpf(2) ** (bound + 0.5), "degree %d, error 2^%.2f, stated 2^%d, best found 2^%.2f" % (
        len(c) - 1, mp.log(e, 2), bound, mp.log(best, 2)))
    print("       in the source  " + " ".join(map(show, c)))
    same = sum(a == b for a, b in zip(c, again))
    if same == len(c):
        print("       a new fit gives the same")
    else:
        print("       a new fit, not the same to the last bit (%d of %d coefficients are), has error 2^%.2f:" % (same, len(c), mp.log(e2, 2)))
        print("                      " + " ".join(map(show, again)))


def pick(file, name, order):
    """The hexadecimal numbers of a function, in the order of the coefficients."""
    found = re.findall(HEX, function(file, name))
    return [found[i] for i in order]


half = ln2 / 2
exp_c = [mp.mpf(1) / 2] + pick("exp.go", "expRest", [0, 2, 1, 4, 3, 6, 5, 8, 7, 9])
polynomial("exp: P", exp_c, lambda r: (mp.exp(r) - 1 - r) / r**2, lambda r: r**2 / mp.expm1(r), -half, half, -61, fixed={0: mp.mpf(1) / 2}.items())
table = re.search(r"tanhTable = repeat\((.*?)\n\n", read("isa_amd64.go"), re.S).group(1)
check("tanhTable", [float.fromhex(h) for h in re.findall(HEX, table)][-10:] == [float.fromhex(str(c)) for c in exp_c[1:]], "the assembly's table has the coefficients of P")

top = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2
artanh2 = lambda z: 2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z)  # log(1+f)/s
log_c = pick("exp.go", "logParts", [1, 0, 3, 2, 5, 4, 6])
polynomial("log: R(z)/z", log_c, lambda z: (artanh2(z) - 2) / z, lambda z: z / artanh2(z), mp.mpf(0), top, -59)
q = re.findall(HEX, function("pow.go", "logDouble"))[:7]
polynomial("pow: Q", q[::-1],
           lambda z: (artanh2(z) - 2 - 2 * z / 3 - 2 * z**2 / 5) / z**3, lambda z: z**3 / artanh2(z), mp.mpf(0), top, -72)

quarter = (mp.pi / 4) ** 2
root = mp.sqrt
polynomial("sin: S", pick("trig.go", "sinCos", [1, 0, 3, 2, 5, 4]), lambda z: (mp.sin(root(z)) / root(z) - 1) / z,
           lambda z: z * root(z) / mp.sin(root(z)), mp.mpf(0), quarter, -58)
polynomial("cos: C", pick("trig.go", "sinCos", [7, 6, 9, 8, 11, 10]), lambda z: (mp.cos(root(z)) - 1 + z / 2) / z**2,
           lambda z: z**2 / mp.cos(root(z)), mp.mpf(0), quarter, -63)
polynomial("atan: A", re.findall(HEX, function("trig.go", "Atan2"))[:-12:-1],
           lambda z: (mp.atan(root(z)) / root(z) - 1) / z, lambda z: z * root(z) / mp.atan(root(z)), mp.mpf(0), mp.tan(mp.pi / 8) ** 2, -59)

print("%d checks failed: %s" % (len(failed), ", ".join(failed)) if failed else "numbers: equal or within the stated bounds; polynomials: within the stated bounds, not made again to the last bit")
sys.exit(1 if failed else 0)
