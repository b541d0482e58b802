#!/usr/bin/env bash
# pyhf 0.7.6, a measurement that gives the width of a normsys, `"sigmas": [0.3]`, which the schema of workspaces allows for any parameter.
# Expected: a constraint of that width, or that a normsys has none to give. Seen: "Incorrect number of values (1) for sigmas were configured by
# you, expected 9" for a model of one bin: 9 letters has the word that stands for "not supported". Who gives nine values learns that the
# parameter does not use them. The same for auxdata of a normfactor.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 scipy==1.17.1 pyhf==0.7.6 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END'
import pyhf

def answer(**said):
    "What is said of a workspace whose measurement says this of one parameter."
    samples = [{"name": "signal", "data": [5.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
               {"name": "background", "data": [50.0], "modifiers": [{"name": "rate", "type": "normsys", "data": {"hi": 1.1, "lo": 0.9}}]}]
    workspace = pyhf.Workspace({"channels": [{"name": "bin", "samples": samples}], "observations": [{"name": "bin", "data": [60.0]}], "version": "1.0.0",
                                "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": [said]}}]})          # the schema is content
    try:
        return str(workspace.model().config.par_names)
    except pyhf.exceptions.InvalidModel as error:
        return str(error)

one, nine, strength = answer(name="rate", sigmas=[0.3]), answer(name="rate", sigmas=[0.3] * 9), answer(name="mu", auxdata=[1.0])
print(one, nine, strength, sep="\n")
assert one == "Incorrect number of values (1) for sigmas were configured by you, expected 9." and len("undefined") == 9
assert nine == "rate does not use the sigmas attribute." and strength == one.replace("sigmas", "auxdata")
END
