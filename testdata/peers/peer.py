"""What the peers of hnn bench share: rows are asked for on standard input, one name a line, and answered with the
seconds that one operation takes and a remark, or with - where there is no such row. See hnn bench -h."""
import os
import sys
import time

LEAST = 0.02  # seconds of one measurement


def serve(variants):
    """Answers until the input ends. variants(name) returns a list of (remark, operation), all ways of doing the same,
    or None. Each answer is the time of the best of them, measured anew: of the best three, once all have been tried."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to standard error
    rows = {}
    for line in sys.stdin:
        name = line.strip()
        if name not in rows:
            rows[name] = [calibrate(remark, op) for remark, op in variants(name) or []]
            rows[name] = sorted((v for v in rows[name] if v), key=lambda v: v[0])[:3]
        if not rows[name]:
            answers.write("-\n")
        else:
            best = min((seconds(op, n), remark) for _, remark, op, n in rows[name])
            answers.write("%r %s\n" % best)
        answers.flush()


def seconds(op, n):
    start = time.perf_counter()
    op(n)
    return (time.perf_counter() - start) / n


def calibrate(remark, op):
    """Returns (seconds, remark, op, n) with n operations in a measurement, or None if it does not work."""
    try:
        op(1)
        n, t = 1, seconds(op, 1)
        while t * n < LEAST / 2:
            n = max(2 * n, int(0.7 * LEAST / max(t, 1e-9)))
            t = seconds(op, n)
        return min(t, seconds(op, n)), remark, op, n
    except Exception as e:  # a variant that this version of a library cannot do
        print("%s: %s: %s" % (remark, type(e).__name__, str(e).split("\n")[0]), file=sys.stderr)
        return None


def repeat(f):
    """Makes an operation of a function."""
    def op(n):
        for _ in range(n):
            f()
    return op


def parse(name):
    """Splits 'step 2-8-1 rows=30 workers=2' into its kind, its word, and its numbers."""
    words = name.split()
    numbers = dict((k, int(v)) for k, v in (w.split("=") for w in words if "=" in w))
    return words[0], next((w for w in words[1:] if "=" not in w), ""), numbers


def product(form, sizes, make):
    """Returns a function that computes z = x y, x y^T or x^T y of m×k×n; make(rows, cols) makes a matrix with @ and .T."""
    m, k, n = map(int, sizes.split("×"))
    x = make(*((k, m) if form == "tmatmul" else (m, k)))
    y = make(*((n, k) if form == "matmulT" else (k, n)))
    return {"matmul": lambda: x @ y, "matmulT": lambda: x @ y.T, "tmatmul": lambda: x.T @ y}[form]
