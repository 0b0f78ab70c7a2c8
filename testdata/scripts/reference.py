"""What the scripts share that make a JSON file of testdata again: each computes the numbers anew, compares them with
those in the file, prints the largest difference of each section, and writes them to the file if it is called with
-update. Inputs, texts and tolerances are kept as they are in the file."""
import json
import math
import os
import sys


class Reference:
    """A JSON file, its numbers as they are and as they are computed now."""

    def __init__(self, name, tolerance, wider={}):
        """The largest difference allowed; wider says which sections are allowed more, and how much."""
        self.path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", name)
        with open(self.path) as f:
            self.data = json.load(f)
        self.tolerance, self.wider = tolerance, wider
        self.case = ""      # what is compared at present, for the messages
        self.sections = {}  # section: [numbers, largest difference, where]
        self.other = []     # counts and words that differ

    def put(self, section, holder, key, value, digits=None):
        """Compares holder[key] with value and replaces it. Numbers may be given with more digits than float64 has;
        digits writes them as text, as the file has them. A difference is relative to the larger of 1 and the number,
        or with digits to the number."""
        new, old = plain(value, digits), holder[key]
        self.compare(section, (self.case + " " + str(key)).strip(), old, new, value, digits)
        holder[key] = new

    def compare(self, section, where, old, new, value, digits):
        if isinstance(new, dict):
            for k in new:
                self.compare(section, where + "." + k, old[k], new[k], value[k], digits)
        elif isinstance(new, list):
            if len(old) != len(new):
                self.other.append("%s %s: %d numbers, now %d" % (section, where, len(old), len(new)))
                return
            for i, (o, n) in enumerate(zip(old, new)):
                self.compare(section, where + "[%d]" % i, o, n, value[i], digits)
        else:
            s = self.sections.setdefault(section, [0, 0.0, ""])
            s[0] += 1
            if isinstance(new, (int, str)) and not digits:
                if old != new:
                    self.other.append("%s %s: %r, now %r" % (section, where, old, new))
                return
            d = float(abs(number(old) - value) / (abs(value) or 1 if digits else max(1, abs(value))))
            if not d <= s[1]:
                s[1], s[2] = d, where

    def finish(self):
        ok, worst = not self.other, 0.0
        for section, (n, d, where) in self.sections.items():
            allowed = self.wider.get(section, self.tolerance)
            print("%-42s %4d numbers, largest difference %.2g of %.2g allowed %s" % (section, n, d, allowed, where if d else ""))
            ok, worst = ok and d <= allowed, max(worst, d)
        for text in self.other:
            print("DIFFERS", text)
        print("largest difference of all %.2g: %s" % (worst, "ok" if ok else "FAILED"))
        if "-update" in sys.argv[1:]:
            with open(self.path, "w") as f:
                json.dump(self.data, f, indent=1)
            print("wrote", os.path.normpath(self.path))
            return
        sys.exit(0 if ok else 1)


def number(old):
    if isinstance(old, str):
        import mpmath
        return mpmath.mpf(old)
    return old


def plain(value, digits):
    """The value as JSON has it."""
    if isinstance(value, dict):
        return {k: plain(v, digits) for k, v in value.items()}
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist") and getattr(value, "shape", ()):
        return [plain(v, digits) for v in value]
    if isinstance(value, (bool, str)):
        return value
    if digits:
        import mpmath
        return mpmath.nstr(value, digits)
    if isinstance(value, int):
        return value
    v = float(value)
    if v != v:
        return "NaN"
    if math.isinf(v):
        return "+Inf" if v > 0 else "-Inf"
    return v
