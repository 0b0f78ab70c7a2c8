"""The lines for PyTorch in hnn export -h, run as they stand for a model of each kind, with one pair and with two, with
biases and without a scaling, and compared with the NumPy module of the same model, whose field is the program's:

    go build -o hnn ./cmd/hnn
    python testdata/scripts/torch_lines.py ./hnn        (needs torch, safetensors and numpy)
"""
import os, re, subprocess, sys, tempfile
import numpy as np
import torch

program = os.path.abspath(sys.argv[1])
os.chdir(tempfile.mkdtemp())
sys.path.insert(0, ".")


def hnn(*args):
    r = subprocess.run([program, *args], capture_output=True, text=True)
    if r.returncode:
        sys.exit(" ".join(args) + ": " + r.stderr)
    return r.stdout + r.stderr


def between(text, a, b):
    return text[text.index(a) + len(a) : text.index(b)]


def code(text):  # without the indentation
    return re.sub("(?m)^  ", "", text)


lines = hnn("export", "-h")
common = code(between(lines, "is made of\n", "by its kind"))
of_kind, kind = {}, None
for line in between(lines, 'in model["kind"]:\n', "The networks of a port").strip("\n").splitlines():
    kind = line[2:14].strip() or kind
    of_kind[kind] = of_kind.get(kind, "") + line[14:] + "\n"
field = code(between(lines, "The field of an H is\n", "A model of hnn pixels has"))
pictures = code(between(lines, "add to their input:\n", "Its latent field"))
port = "\ndef H(x): return net(0, x)[..., 0]\n"


def compare(name, kind, n, more=""):
    """Runs the lines on a model file and returns what they define."""
    module = re.sub(r"\W", "_", name)
    hnn("export", "-to", "safetensors", "-o", "model.safetensors", name + ".json")
    hnn("export", "-to", "numpy", "-o", module + ".py", name + ".json")
    theirs, ours = __import__(module), {"torch": torch}
    exec(common + of_kind[kind] + (port if kind == "port" else ""), ours)
    if "H" in ours:
        exec(field, ours)
    exec(more, ours)
    x = torch.randn(100, n, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    for f in ["H", "field", "next", "encode", "decode"]:
        if f in ours and hasattr(theirs, f):
            at = torch.rand(100, 2 * len(ours["w"]["mean"]), dtype=torch.float64) if f == "encode" else x
            for y in [at, at[0]]:
                a, b = ours[f](y).detach(), np.asarray(getattr(theirs, f)(y.numpy()))
                error = abs(a.numpy() - b).max() / max(1, abs(b).max())
                if a.dtype != torch.float64 or a.shape != b.shape or not error < 1e-13:
                    sys.exit(f"{name}: {f}: off by {error}, {a.dtype}, {a.shape} and {b.shape}")
            print(f"{name:24} {f:8} off by {error:.1e}")
    return ours


for system in ["pendulum", "double-pendulum"]:
    hnn("simulate", "-system", system, "-n", "2", "-duration", "6", "-o", system + ".csv")
    n = 2 if system == "pendulum" else 4
    for kind in of_kind:
        name = system + "_" + kind
        hnn("train", "-quiet", "-kind", kind, "-hidden", "16,9", "-optimizer", "adam", "-epochs", "2", "-o", name + ".json", system + ".csv")
        ours = compare(name, kind, n)
        if kind == "hnn":  # the same network without a scaling, of twelve layers
            from safetensors.torch import save_file
            net = [(torch.randn(5, n if i == 0 else 5, dtype=torch.float64), torch.randn(5, dtype=torch.float64)) for i in range(11)]
            net.append((torch.randn(1, 5, dtype=torch.float64), None))
            save_file({f"linear{i}.{k}": v for i, l in enumerate(net) for k, v in zip(["weight", "bias"], l) if v is not None}, "reference.safetensors")
            hnn("import", "-o", system + "_import.json", "reference.safetensors")
            compare(system + "_import", "hnn", n)
hnn("pixels", "-quiet", "-pixels", "12", "-hidden", "20,20,20", "-epochs", "1", "-runs", "10", "-length", "20", "-out", "film")
for kind in ["hnn", "baseline"]:
    os.rename(f"film/{kind}.json", f"film_{kind}.json")
    motion = {"hnn": 'def H(z): return mlp("motion", z)[..., 0]\n' + field, "baseline": 'def field(z): return mlp("motion", z)\n'}[kind]
    compare("film_" + kind, kind, 2, pictures + motion)
