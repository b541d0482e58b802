#!/usr/bin/env bash
# Pythia 8.317.2, Python interface: a UserHooks object that is handed over and not kept in a variable.
# Expected: Pythia keeps what setUserHooksPtr was given (it answers True), as in C++ with a shared pointer. Seen: the Python part is gone with the
# last Python reference; events are generated without a message, and without one call of the hook. The same hook in a variable works.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install pythia8mc==8.317.2 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" - <<'END'
import gc
import pythia8mc

LINES = ["Beams:idA = 11", "Beams:idB = -11", "Beams:eCM = 91.2", "PDF:lepton = off", "WeakSingleBoson:ffbar2gmZ = on", "23:onMode = off",
         "23:onIfAny = 1 2 3 4 5", "Print:quiet = on", "Random:setSeed = on", "Random:seed = 7"]

class Hook(pythia8mc.UserHooks):
    calls = 0
    def canVetoPartonLevel(self):
        return True
    def doVetoPartonLevel(self, event):
        Hook.calls += 1
        return False

def calls(kept):
    Hook.calls, p, hook = 0, pythia8mc.Pythia("", False), Hook()
    assert all(p.readString(line) for line in LINES) and p.setUserHooksPtr(hook)
    if not kept:
        del hook
    gc.collect()
    assert p.init() and sum(p.next() for _ in range(100)) > 90
    return Hook.calls

kept, lost = calls(True), calls(False)
print(f"calls in 100 events: {kept} with the hook in a variable, {lost} without")
assert kept >= 100 and lost == 0
END
