"""The core once on the other backend: training, evaluation, saving; and agreement with TensorFlow."""
import os
import subprocess
import sys

import numpy as np

SCRIPT = """
import sys
import numpy as np
import lrguide as lr
toy = lr.Resonance(0.08)
signal, background = toy.sample("signal", 4000, 1), toy.sample("background", 4000, 2)
training = lr.Training(epochs=3, batch=100, patience=2, clip=1.0)
r = lr.Ratio(members=3, bootstrap=True, hidden=(10, 20), dropout=0.1, training=training, calibration="histogram", rng=3)
r.fit(signal, background)
r.save(sys.argv[1] + "/" + lr.backend.backend_name() + ".npz")
np.save(sys.argv[1] + "/" + lr.backend.backend_name() + ".npy", [one.log_ratio(np.linspace(-0.4, 0.4, 50), members=True) for one in (r, r.normalised())])
print(lr.backend.backend_name())
"""


def test_backends_agree(tmp_path):
    for backend in ("jax", "tensorflow"):
        done = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], env={**os.environ, "KERAS_BACKEND": backend},
                              capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == [backend]
    learned = {backend: np.load(tmp_path / f"{backend}.npy") for backend in ("jax", "tensorflow")}
    # same initial weights, same order of events, single precision: rounding accumulates over 180 steps
    (calibrated, plain), (calibrated_too, plain_too) = learned["jax"], learned["tensorflow"]
    np.testing.assert_allclose(plain, plain_too, atol=5e-3)
    # a calibration counts events in bins of 32: one whose score is at an edge may be in either, which moves a bin's log ratio by one event's worth
    moved = np.abs(calibrated - calibrated_too)
    assert np.mean(moved > 5e-3) < 0.05 and moved.max() < 0.1

    import lrguide as lr
    other = lr.load(tmp_path / "jax.npz").log_ratio(np.linspace(-0.4, 0.4, 50), members=True)
    np.testing.assert_allclose(other, calibrated, atol=1e-4)


def test_unknown_backend_is_refused():
    done = subprocess.run([sys.executable, "-c", "import lrguide.backend"], env={**os.environ, "KERAS_BACKEND": "numpy"},
                          capture_output=True, text=True, timeout=300)
    assert done.returncode != 0
    assert "KERAS_BACKEND: expected tensorflow or jax, got numpy" in done.stderr
