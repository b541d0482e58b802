#!/usr/bin/env bash
# skl2onnx 1.20.0, CalibratedClassifierCV(method="isotonic"), scikit-learn 1.8.0, onnxruntime 1.32.0.
# scikit-learn's isotonic calibration is linear between its points. Expected: the converted model says the same. Seen: it is a step function
# that takes the nearest point's value, off by 0.11 in probability with 50 + 50 events and by 0.06 with 400 + 400; no warning.
# That results differ is known (sklearn-onnx issues 200 and 1151).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.8.0 onnx==1.23.2 onnxruntime==1.32.0 skl2onnx==1.20.0 2>/dev/null
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'END'
import numpy as np
import onnxruntime
import skl2onnx
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from skl2onnx.common.data_types import DoubleTensorType
rng, x = np.random.default_rng(0), np.linspace(-4, 5, 9001)[:, None]
for n in (50, 400):
    events, label = np.concatenate([rng.normal(1, 1, (n, 1)), rng.normal(0, 1, (n, 1))]), np.repeat([1, 0], n)
    model = CalibratedClassifierCV(LogisticRegression(), method="isotonic", cv=2).fit(events, label)
    converted = skl2onnx.to_onnx(model, initial_types=[("x", DoubleTensorType([None, 1]))], options={"zipmap": False})
    session = onnxruntime.InferenceSession(converted.SerializeToString(), providers=["CPUExecutionProvider"])
    there, here = session.run(None, {"x": x})[1][:, 1], model.predict_proba(x)[:, 1]
    off, values = np.abs(there - here).max(), [len(np.unique(one.round(12))) for one in (there, here)]
    print(f"{n} + {n} events: largest difference {off:.3f}; different values among 9001: converted {values[0]}, scikit-learn {values[1]}")
    assert off > 0.03 and values[0] < values[1] / 4
END
