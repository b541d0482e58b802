#!/usr/bin/env bash
# pyhs3 0.4.2, a `generic_function` (or `generic_dist`) of an HS3 file whose parameter is called E, pi, beta, gamma, S, N, ...
# Expected: a name that the file declares as a parameter is that parameter; 2 * name + 1 at name = 1.5 is 4, and three events seen where four are
# expected have probability 0.195. Seen: with E and pi the value of the parameter is ignored without a word, they are the numbers 2.718 and
# 3.142 (0.071 and 0.044); I is the imaginary unit, refused as complex; beta, gamma, zeta, S, N, Q and O are functions and objects of SymPy and
# the file cannot be read. mu, sigma and alpha are right. Give parameters names that SymPy does not know.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install pyhs3==0.4.2 pytensor==3.3.8 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END' 2>/dev/null
import numpy as np
import pyhs3

def seen(name):
    "Probability of three events where 2 * name + 1 are expected, name = 1.5, or the kind of error."
    workspace = {
        "metadata": {"hs3_version": "0.2"},
        "functions": [{"type": "generic_function", "name": "expected", "expression": f"2*{name}+1"}],
        "distributions": [{"type": "poisson_dist", "name": "counts", "x": "n", "mean": "expected"}],
        "parameter_points": [{"name": "default", "parameters": [{"name": name, "value": 1.5}, {"name": "n", "value": 3.0}]}],
        "domains": [{"name": "default", "type": "product_domain",
                     "axes": [{"name": name, "min": 0, "max": 5}, {"name": "n", "min": 0, "max": 10}]}]}
    try:
        model = pyhs3.Workspace(**workspace).model(0, progress=False)
        return round(float(model.pdf("counts", **{name: np.array(1.5), "n": np.array(3.0)})), 4)
    except Exception as error:
        return type(error).__name__

found = {name: seen(name) for name in ("mu", "sigma", "alpha", "E", "pi", "I", "beta", "gamma", "S", "N")}
print(pyhs3.__version__, found)
assert pyhs3.__version__ == "0.4.2"
assert found["mu"] == found["sigma"] == found["alpha"] == 0.1954
assert found["E"] == 0.0712 and found["pi"] == 0.0442 and found["I"] == "TypeError"
assert {found[name] for name in ("beta", "gamma", "S", "N")} == {"ExpressionParseError"}
END
