#!/usr/bin/env bash
# pyhs3 0.4.2, a histfactory_dist with the usual `staterror` of HistFactory: one factor for each bin, for all samples ("lite", its default).
# Expected: the likelihood of the channel, as in pyhf. Seen: a ValueError that asks for the errors of each sample ("StatErrorModifier.data is
# required for BB-full mode"), while with these errors the file is refused (must not specify 'data' in BB-lite mode). So no workspace with that
# modifier has a likelihood. What works is a `shapefactor` with the same factors and a gaussian_dist for each among the `aux_distributions`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install pyhs3==0.4.2 pytensor==3.3.8 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END' 2>/dev/null
import pyhs3

def built(modifier, aux=()):
    "'built', or the reason why there is no likelihood."
    axis = {"name": "x", "min": 0, "max": 2, "nbins": 2}
    sample = {"name": "b", "data": {"contents": [50.0, 30.0], "errors": [2.0, 1.0]}, "modifiers": [modifier]}
    workspace = {
        "metadata": {"hs3_version": "0.2"},
        "distributions": [{"type": "histfactory_dist", "name": "channel", "axes": [axis], "samples": [sample]}, *aux],
        "data": [{"name": "seen", "type": "binned", "contents": [57.0, 31.0], "axes": [axis]}],
        "likelihoods": [{"name": "all", "distributions": ["channel"], "data": ["seen"], "aux_distributions": [one["name"] for one in aux]}],
        "domains": [{"name": "default", "type": "product_domain", "axes": [{"name": name, "min": 0, "max": 5} for name in ("g0", "g1")]}],
        "parameter_points": [{"name": "default", "parameters": [{"name": name, "value": 1.0} for name in ("g0", "g1")]}],
        "analyses": [{"name": "all", "likelihood": "all", "domains": ["default"], "init": "default"}]}
    try:
        pyhs3.Workspace(**workspace).model("all", progress=False).log_prob
        return "built"
    except Exception as error:
        return str(error)

staterror = {"name": "mc", "type": "staterror", "parameters": ["g0", "g1"], "constraint": "Gauss"}
widths = [{"type": "gaussian_dist", "name": f"width{i}", "x": 1.0, "mean": f"g{i}", "sigma": sigma} for i, sigma in enumerate((0.04, 1 / 30))]
lite, with_data = built(staterror), built({**staterror, "data": {"uncertainties": [2.0, 1.0]}})
other = built({"name": "mc", "type": "shapefactor", "parameters": ["g0", "g1"]}, widths)
print(pyhs3.__version__, "| lite:", lite, "| with errors:", with_data.split("\n")[-2:], "| shapefactor:", other)
assert pyhs3.__version__ == "0.4.2"
assert "required for BB-full mode" in lite and "BB-lite mode" in with_data and other == "built"
END
