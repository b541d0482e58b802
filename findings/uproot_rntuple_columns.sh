#!/usr/bin/env bash
# uproot 5.7.1, columns of a table that was written as file["t"] = {...} and is read with arrays([...]).
# Expected: a TTree, columns in the order asked for, library="np" a dictionary of arrays and library="pd" a DataFrame, as a TTree gives them.
# Seen: the file holds an RNTuple; columns come in alphabetical order whatever was asked for; library="np" gives one structured array and
# library="pd" an awkward array. Take columns by name.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 uproot==5.7.1 awkward==2.14.0 pandas==3.0.0 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END'
import numpy as np
import uproot
columns = {name: np.arange(3.0) + k for k, name in enumerate(("z", "a", "m"))}
with uproot.recreate("events.root") as file:
    file["t"] = columns
    file.mktree("tree", {name: values.dtype for name, values in columns.items()}).extend(columns)
with uproot.open("events.root") as file:
    seen = {}
    for name in ("t", "tree"):
        got = {library: file[name].arrays(["z", "a", "m"], library=library) for library in ("ak", "np", "pd")}
        seen[name] = (got["ak"].fields, type(got["np"]).__name__, type(got["pd"]).__name__)
        print(type(file[name]).__name__, *seen[name])
assert seen["tree"] == (["z", "a", "m"], "dict", "DataFrame")
assert seen["t"] == (["a", "m", "z"], "ndarray", "Array")
END
