"""Makes testdata/nist/strd.json of the 27 files of the Statistical Reference Datasets of NIST for
nonlinear regression (Misra1a.dat, …), which are in the public domain:

    python3 nist_strd.py FOLDER > ../nist/strd.json

FOLDER is a copy of https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml; ours is NIST_STRD in
the source archive of lmfit 1.3.4. Numbers keep the digits of the files. "formula" is the model as
hnn/autodiff/formula reads it: an exponent that is unknown is written with exp and log.
"""
import decimal
import json
import os
import re
import sys

EXP3 = "b1*exp(-b2*x) + b3*exp(-b4*x) + b5*exp(-b6*x)"
GAUSS = "b1*exp(-b2*x) + b3*exp(-(x-b4)^2/b5^2) + b6*exp(-(x-b7)^2/b8^2)"
CUBIC = "(b1+b2*x+b3*x^2+b4*x^3)/(1+b5*x+b6*x^2+b7*x^3)"
FORMULAS = {
    "Bennett5": "b1*exp(-log(b2+x)/b3)",
    "BoxBOD": "b1*(1-exp(-b2*x))",
    "Chwirut1": "exp(-b1*x)/(b2+b3*x)",
    "Chwirut2": "exp(-b1*x)/(b2+b3*x)",
    "DanWood": "b1*exp(b2*log(x))",
    "ENSO": "b1 + b2*cos(2*pi*x/12) + b3*sin(2*pi*x/12) + b5*cos(2*pi*x/b4) + b6*sin(2*pi*x/b4)"
            " + b8*cos(2*pi*x/b7) + b9*sin(2*pi*x/b7)",
    "Eckerle4": "(b1/b2)*exp(-0.5*((x-b3)/b2)^2)",
    "Gauss1": GAUSS, "Gauss2": GAUSS, "Gauss3": GAUSS,
    "Hahn1": CUBIC, "Thurber": CUBIC,
    "Kirby2": "(b1+b2*x+b3*x^2)/(1+b4*x+b5*x^2)",
    "Lanczos1": EXP3, "Lanczos2": EXP3, "Lanczos3": EXP3,
    "MGH09": "b1*(x^2+x*b2)/(x^2+x*b3+b4)",
    "MGH10": "b1*exp(b2/(x+b3))",
    "MGH17": "b1 + b2*exp(-x*b4) + b3*exp(-x*b5)",
    "Misra1a": "b1*(1-exp(-b2*x))",
    "Misra1b": "b1*(1-(1+b2*x/2)^-2)",
    "Misra1c": "b1*(1-(1+2*b2*x)^-0.5)",
    "Misra1d": "b1*b2*x*(1+b2*x)^-1",
    "Nelson": "b1 - b2*x1*exp(-b3*x2)",
    "Rat42": "b1/(1+exp(b2-b3*x))",
    "Rat43": "b1*exp(-log(1+exp(b2-b3*x))/b4)",
    "Roszman1": "",  # b1 - b2*x - arctan(b3/(x-b4))/pi: there is no arctan
}
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


def number(text):
    """The text as JSON wants it, with the same digits."""
    d = decimal.Decimal(text).normalize()
    assert float(d) == float(text)
    return min(format(d, "f"), str(d).replace("E+", "e").replace("E", "e"), key=len)


def entry(path):
    lines = open(path, encoding="latin-1").read().splitlines()
    name = os.path.splitext(os.path.basename(path))[0]
    text = "\n".join(lines[:60])
    e = {
        "name": name,
        "level": re.search(r"(\w+) Level of Difficulty", text).group(1),
        "formula": FORMULAS[name],
        "response": "log(y)" if "log[y]" in text else "y",
    }
    b = re.findall(rf"b\d\s*=\s*({NUMBER})\s+({NUMBER})\s+({NUMBER})\s+({NUMBER})", text)
    assert len(b) == int(re.search(r"(\d+) Parameters", text).group(1))
    for i, key in enumerate(["start1", "start2", "b", "errors"]):
        e[key] = [number(row[i]) for row in b]
    e["ssr"] = number(re.search(rf"Residual Sum of Squares:\s+({NUMBER})", text).group(1))
    e["sd"] = number(re.search(rf"Residual Standard Deviation:\s+({NUMBER})", text).group(1))
    n = int(re.search(r"Number of Observations:\s+(\d+)", text + "\n").group(1))
    rows = [line.split() for line in lines[60:] if line.strip()]
    assert len(rows) == n == int(re.search(r"(\d+) Observations", text).group(1)), (name, len(rows), n)
    e["x"] = [[number(v) for v in row[1:]] for row in rows]
    e["y"] = [number(row[0]) for row in rows]
    return e


def show(v):
    if isinstance(v, list):
        return "[" + ", ".join(show(x) for x in v) + "]"
    return v


names = sorted(f for f in os.listdir(sys.argv[1]) if f.endswith(".dat"))
assert len(names) == 27
print("[")
for i, f in enumerate(names):
    e = entry(os.path.join(sys.argv[1], f))
    parts = []
    for key, v in e.items():
        quoted = key in ("name", "level", "formula", "response")
        parts.append(f'"{key}": ' + (json.dumps(v) if quoted else show(v)))
    print("{" + ",\n ".join(parts) + "}" + ("," if i + 1 < len(names) else ""))
print("]")
