#!/usr/bin/env bash
# pyhf 0.7.6, upper_limit with a scan of points that does not reach the limit (2.88 signal strengths here).
# Expected: an error or a warning, nan or inf. Seen: the edge of the scan, for the observed limit and all five expected ones: 1.0 from a scan
# of 0 to 1, 4.0 from a scan of 4 to 5.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 scipy==1.17.1 pyhf==0.7.6 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END'
import numpy as np
import pyhf
from pyhf.infer.intervals.upper_limits import upper_limit
model = pyhf.simplemodels.uncorrelated_background(signal=[10.0], bkg=[50.0], bkg_uncertainty=[7.0])
data = [60.0] + model.config.auxdata
limits = {scan: upper_limit(data, model, scan=np.linspace(*scan, 11)) for scan in ((0, 5), (0, 1), (4, 5))}
for scan, (observed, expected) in limits.items():
    print(f"scan {scan}: observed {float(observed):.3f}, expected", *(f"{float(one):.3f}" for one in expected))
assert abs(float(limits[0, 5][0]) - 2.877) < 0.01
assert float(limits[0, 1][0]) == 1.0 and float(limits[4, 5][0]) == 4.0 and all(float(one) == 4.0 for one in limits[4, 5][1])
END
