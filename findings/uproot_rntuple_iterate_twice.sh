#!/usr/bin/env bash
# uproot 5.7.7, an RNTuple read in steps of one cluster (iterate, or arrays with entry_start and entry_stop).
# Expected: every cluster is read once, the bytes of the whole file. Seen: a step that ends where a cluster ends takes the next one too, reads and
# unpacks it and throws it away, nearly twice the bytes and the time. Take several clusters a step, or all rows at once. A TTree is read once.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 uproot==5.7.7 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" - <<'END'
import numpy as np
import uproot
n, clusters, x = 100_000, 10, np.random.default_rng(1).normal(size=100_000)
read = {}
for kind in ("mktree", "mkrntuple"):
    with uproot.recreate("a.root") as file:
        tree = getattr(file, kind)("events", {"x": "f8"})
        for part in np.split(x, clusters):
            tree.extend({"x": part})
    for step in (n, n // clusters):
        with uproot.open("a.root", array_cache=None) as file:
            tree = file["events"]
            before = tree.file.source.num_requested_bytes
            parts = [part["x"] for part in tree.iterate(step_size=step, library="np")]
            read[kind, step] = tree.file.source.num_requested_bytes - before
        assert np.array_equal(np.concatenate(parts), x)
    print(f"{kind}: at once {read[kind, n]:,} bytes, a cluster at a time {read[kind, n // clusters]:,}")
assert read["mktree", n // clusters] < 1.05 * read["mktree", n] and read["mkrntuple", n // clusters] > 1.8 * read["mkrntuple", n]
END
