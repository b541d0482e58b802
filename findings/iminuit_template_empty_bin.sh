#!/usr/bin/env bash
# iminuit 2.33.0, cost.Template with data in a bin in which no template has an entry.
# Expected: an infinite cost, or a refusal: the model says that these events cannot happen. Seen: the bin is left out of the sum, the fit is
# valid with a perfect goodness of fit, and 30 events in it or none give the same answer to the last digit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 iminuit==2.33.0 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END'
import numpy as np
from iminuit import Minuit, cost
edges, signal, background = np.arange(4.0), np.array([100.0, 200.0, 0.0]), np.array([50.0, 50.0, 0.0])
def fit(last):
    function = cost.Template(np.array([10.0, 20.0, last]), edges, (signal, background))
    minuit = Minuit(function, 20, 10)
    minuit.limits = (0, None)
    return minuit.migrad()
with_events, without = fit(30.0), fit(0.0)
print("30 events where none are expected:", *np.round(with_events.values, 4), "chi2", round(with_events.fval, 4), "valid", with_events.valid)
print("no events there:                  ", *np.round(without.values, 4), "chi2", round(without.fval, 4), "valid", without.valid)
assert with_events.valid and with_events.fval < 1e-2 and list(with_events.values) == list(without.values)
END
