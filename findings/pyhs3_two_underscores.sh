#!/usr/bin/env bash
# pyhs3 0.4.2 with pytensor 3.3.8, jaxify of the log probability of a workspace in which a parameter's name has two underscores in a row, as names
# of systematic effects in workspaces of the LHC often have.
# Expected: a function that takes the names in its `input_names`, as it does for all others. Seen: `input_names` still says `a__b`, but the function
# behind it calls it `a_b`: a TypeError for an unexpected keyword, while `call_positional` works.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install pyhs3==0.4.2 pytensor==3.3.8 jax==0.7.2 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END' 2>/dev/null
import numpy as np
import pyhs3

def asked(name, how):
    "The log probability of one Gaussian measurement of parameter `name`, or the error."
    workspace = {
        "metadata": {"hs3_version": "0.2"},
        "distributions": [{"type": "gaussian_dist", "name": "measurement", "x": "seen", "mean": name, "sigma": 2.0}],
        "data": [{"name": "data", "type": "unbinned", "entries": [[3.0]], "axes": [{"name": "seen", "min": -10, "max": 10}]}],
        "likelihoods": [{"name": "all", "distributions": ["measurement"], "data": ["data"]}],
        "domains": [{"name": "default", "type": "product_domain", "axes": [{"name": name, "min": -5, "max": 5}]}],
        "parameter_points": [{"name": "default", "parameters": [{"name": name, "value": 1.0}]}],
        "analyses": [{"name": "all", "likelihood": "all", "domains": ["default"], "init": "default"}]}
    model = pyhs3.Workspace(**workspace).model("all", progress=False)
    graph, known = pyhs3.jaxify(model.log_prob), {**model.data, **model.free_params}
    assert name in graph.input_names
    values = {one: np.asarray(known[one], dtype=float) for one in graph.input_names}
    try:
        found = graph(**values) if how == "by name" else graph.call_positional(*values.values())
        return round(float(np.ravel(found[0])[0]), 3)
    except TypeError as error:
        return str(error)

one, two, placed = asked("a_b", "by name"), asked("a__b", "by name"), asked("a__b", "by place")
print(pyhs3.__version__, "| a_b:", one, "| a__b:", two, "| a__b by place:", placed)
assert pyhs3.__version__ == "0.4.2"
assert one == placed and "unexpected keyword argument 'a__b'" in two
END
