#!/usr/bin/env bash
# hep_ml 0.8.0, uBoostBDT with its default base_estimator=None, documented as DecisionTreeClassifier(max_depth=2).
# Expected: it trains. Seen: TypeError 'estimator must be a subclass of BaseEstimator', the check comes before the default is put in;
# with the documented tree given by hand it trains. (uBoostClassifier puts its own tree in first and is not affected.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 scikit-learn==1.9.1 pandas==3.1.1 hep_ml==0.8.0 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END'
import numpy as np
import pandas as pd
from hep_ml.uboost import uBoostBDT
from sklearn.tree import DecisionTreeClassifier
rng = np.random.default_rng(0)
x, y = pd.DataFrame({"a": rng.normal(size=400), "m": rng.random(400)}), rng.integers(0, 2, 400)
train = lambda **tree: uBoostBDT(["m"], uniform_label=0, train_features=["a"], n_estimators=3, **tree).fit(x, y)
try:
    train()
    seen = "trains"
except TypeError as error:
    seen = f"TypeError: {error}"
print("default:", seen)
print("tree given:", len(train(base_estimator=DecisionTreeClassifier(max_depth=2)).estimators_), "trees")
assert seen == "TypeError: estimator must be a subclass of BaseEstimator"
END
