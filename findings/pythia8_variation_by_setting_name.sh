#!/usr/bin/env bash
# Pythia 8.317.2, per-event weights of other hadronisation parameters (VariationFrag:List), asked for by the name of the setting.
# Expected: an unknown key is refused, as a misspelt setting is. Seen: no message, readString and init answer True, and the group's weight is
# exactly 1 in every event; the key of StringFlav:probStoUD is frag:rho. The groups' names come back in lower case, in alphabetical order.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install pythia8mc==8.317.2 awkward==2.14.0 vector==1.9.0 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" - <<'END'
import pythia8mc
p = pythia8mc.Pythia("", False)
lines = ["Beams:idA = 11", "Beams:idB = -11", "Beams:eCM = 91.2", "PDF:lepton = off", "WeakSingleBoson:ffbar2gmZ = on", "23:onMode = off",
         "23:onIfAny = 1 2 3 4 5", "Print:quiet = on", "Random:setSeed = on", "Random:seed = 7",
         "VariationFrag:List = {Strange StringFlav:probStoUD=0.275, More frag:rho=0.275}"]
assert all(p.readString(line) for line in lines) and p.init()
weights = p.nextBatch(300).info.weights.to_numpy()
names = list(p.infoPython().weightNameVector())
print(names)
for name, column in zip(names, weights.T):
    print(f"{name}: smallest {column.min():.3f}, largest {column.max():.3f}")
assert names[-2:] == ["more", "strange"]
assert (weights[:, names.index("strange")] == 1).all() and weights[:, names.index("more")].std() > 0.2
END
