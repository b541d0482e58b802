#!/usr/bin/env bash
# scikit-learn 1.8.0, IsotonicRegression with generator weights of both signs.
# A sample with negative weights estimates a density by the signed sum. Expected: a fit of the weighted mean, or a refusal. Seen: events
# with a weight of zero or less are left out without a word, so that a group whose signed mean is 0.33 comes out as 0.60.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.8.0 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END'
import numpy as np
from sklearn.isotonic import IsotonicRegression
score = np.repeat([0.0, 1.0, 2.0], 8)                       # three groups of equal scores, each to be calibrated to its signed mean
label = np.tile([1, 1, 1, 0, 0, 1, 1, 0], 3).astype(float)
weight = np.tile([1, 1, 1, 1, 1, -1, -1, 0], 3).astype(float)
signed = np.sum(weight[:8] * label[:8]) / weight[:8].sum()
found = IsotonicRegression().fit(score, label, sample_weight=weight).predict([1.0])[0]
positive = IsotonicRegression().fit(score[weight > 0], label[weight > 0], sample_weight=weight[weight > 0]).predict([1.0])[0]
print(f"signed mean of the group {signed:.4f}, IsotonicRegression {found:.4f}, with the positive weights alone {positive:.4f}")
assert abs(signed - 1 / 3) < 1e-12 and found == positive and abs(found - 0.6) < 1e-12
END
