#!/usr/bin/env bash
# dcor 0.7, distance correlation of two independent single precision columns with a common offset, such as masses in GeV.
# Expected: distances do not know the offset, 0.0447 as in double precision. Seen: with the default (fast) method 0 at an offset of 100,
# 1.11 at 1000 (a correlation above one), without a warning; method='naive' and double precision are right. Centre the columns first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 scipy==1.17.1 dcor==0.7 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END'
import dcor
import numpy as np
rng = np.random.default_rng(1)
x, y = rng.normal(size=(2, 2000))
single = lambda offset, **how: float(dcor.distance_correlation((x + offset).astype(np.float32), (y + offset).astype(np.float32), **how))
double = float(dcor.distance_correlation(x + 1000, y + 1000))
print(f"double, offset 1000: {double:.4f}")
for offset in (0, 100, 1000):
    print(f"single, offset {offset}: fast {single(offset):.4f}, naive {single(offset, method='naive'):.4f}")
assert abs(double - 0.0447) < 1e-3 and abs(single(0) - double) < 1e-3
assert single(100) == 0.0 and single(1000) > 1.0 and abs(single(1000, method="naive") - double) < 1e-3
END
