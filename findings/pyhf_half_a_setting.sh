#!/usr/bin/env bash
# pyhf 0.7.6, `modifier_settings` of a model that name the interpolation of one modifier, say normsys as code4, which is its default.
# Expected: nothing changes. Seen: the other modifier, histosys, falls from its default code4p to code0, without a word: at half a standard
# deviation 98.00 events are expected where 97.17 were. Name both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 scipy==1.17.1 pyhf==0.7.6 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END'
import pyhf
spec = {"channels": [{"name": "bins", "samples": [
    {"name": "signal", "data": [0.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
    {"name": "background", "data": [100.0], "modifiers": [{"name": "scale", "type": "histosys", "data": {"hi_data": [96.0], "lo_data": [120.0]}}]}]}]}

def expected(**settings):
    "Expected events with the scale at half a standard deviation."
    model = pyhf.Model(spec, **settings)
    return float(model.expected_actualdata([{"mu": 1.0, "scale": 0.5}[name] for name in model.config.par_names])[0])

alone, half, both = expected(), expected(modifier_settings={"normsys": {"interpcode": "code4"}}), expected(modifier_settings={"normsys": {"interpcode": "code4"}, "histosys": {"interpcode": "code4p"}})
print(f"default {alone:.2f}, code4 of normsys named {half:.2f}, both named {both:.2f}")
assert alone == both and abs(half - 98.0) < 1e-9 and abs(alone - 97.171875) < 1e-9
END
