#!/usr/bin/env bash
# fastjet 3.5.2.0 (Python), njettiness of jets, each given as an event of its particles, through the awkward interface.
# Expected: where a jet has fewer particles than axes are asked for, tau_N is not defined: missing or NaN. Seen: 0, the value of a perfect
# jet of N prongs, so that a cut on tau_2/tau_1 keeps jets of one particle. And what is asked of two jets in one event is answered for the
# event as a whole, whatever the jet definition: one number, not one a jet.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install fastjet==3.5.2.0 awkward==2.14.0 vector==1.9.0 numpy==2.4.6 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END'
import awkward as ak
import fastjet
import numpy as np
import vector
vector.register_awkward()
def particle(pt, eta, phi):
    return {"px": pt * np.cos(phi), "py": pt * np.sin(phi), "pz": pt * np.sinh(eta), "E": pt * np.cosh(eta)}
one, two = [particle(100, 0, 0)], [particle(100, 0, 0), particle(100, 0, 0.3)]
away = [particle(100, 0, 3.0), particle(100, 0, 3.3)]
events = ak.Array([one, two, two + away], with_name="Momentum4D")
cluster = fastjet.ClusterSequence(events, fastjet.JetDefinition(fastjet.antikt_algorithm, 1.0))
tau = ak.to_numpy(cluster.njettiness(njets=[1, 2], R0=1.0))
print("jets in each event:", ak.num(cluster.inclusive_jets(min_pt=10)).tolist())
print("tau_1, tau_2:", tau.round(3).tolist())
assert ak.num(cluster.inclusive_jets(min_pt=10)).tolist() == [1, 1, 2] and tau.shape == (3, 2)
assert tau[0, 1] == 0 and abs(tau[1, 0] - 0.15) < 1e-3 and abs(tau[2, 1] - 0.15) < 1e-3 and tau[2, 0] > 0.3
END
