"""A file of a ratio says what is wrong with it: another format, a damaged array."""

import json

import numpy as np
import pytest

import lrguide as lr


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    rng = np.random.default_rng(1)
    nu = rng.uniform(0.5, 1.5, (3000, 1))
    ratio = lr.Ratio({"width": (0.5, 1.5)}, members=2, hidden=(4,), training=lr.Training(epochs=1), calibration="isotonic", rng=1)
    ratio.fit(lr.Table(rng.normal(1, nu), nu), lr.Table(rng.normal(0, 1, 3000)))
    path = tmp_path_factory.mktemp("files") / "a.lr"
    ratio.save(path)
    with np.load(path) as file:
        return ratio, dict(file)


def written(path, arrays, **changes):
    header = json.loads(str(arrays["header"]))
    for name, value in changes.items():
        header[name] = value(header[name]) if callable(value) else value
    with open(path, "wb") as file:
        np.savez(file, **{**arrays, "header": np.array(json.dumps(header))})
    return path


def test_it_comes_back(saved, tmp_path):
    ratio, arrays = saved
    x = np.linspace(-1, 2, 7)
    np.testing.assert_array_equal(lr.load(written(tmp_path / "b.lr", arrays)).log_ratio(x, [1.1]), ratio.log_ratio(x, [1.1]))


def test_other_versions_are_named(saved, tmp_path):
    for changes, message in ((dict(format=7, versions=lambda v: {**v, "lrguide": "0.9.0"}), "format 7, written by lrguide 0.9.0"),
                             (dict(training=lambda t: {**t, "momentum": 0.9}, versions=lambda v: {**v, "lrguide": "0.9.0"}), "written by lrguide 0.9.0 .*momentum")):
        with pytest.raises(ValueError, match=f"^path: .*{message}") as refused:
            lr.load(written(tmp_path / "b.lr", saved[1], **changes))
        assert "\n" not in str(refused.value)


DAMAGE = {"weights": [lambda a: a[:, :-1], lambda a: a[:1], lambda a: np.where(np.arange(a.shape[1]) == 3, np.nan, a), lambda a: a.astype("U8")],
          "scaling_width": [lambda a: -a, lambda a: 0 * a, lambda a: np.append(a, 1)], "scaling_mean": [lambda a: a * np.inf, lambda a: a[:0]],
          "shift": [lambda a: a[:, :2], lambda a: a * np.nan], "shift_covariance": [lambda a: a[:, 0]],
          "knots_1": [lambda a: a[::-1], lambda a: a[1:], lambda a: a * np.nan], "table_0": [lambda a: a[1:], lambda a: a * np.inf],
          "n_features": [lambda a: a * 0, lambda a: np.array([1, 1])]}


@pytest.mark.parametrize("name, k", [(name, k) for name, several in DAMAGE.items() for k in range(len(several))])
def test_damaged_arrays(saved, tmp_path, name, k):
    arrays = saved[1]
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="^path: ") as refused:
        lr.load(written(tmp_path / "b.lr", {**arrays, name: DAMAGE[name][k](arrays[name])}))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["weights", "scaling_width", "knots_1", "table_0", "shift_covariance", "header"])
def test_missing_arrays(saved, tmp_path, name):
    path = tmp_path / "b.lr"
    with open(path, "wb") as file:
        np.savez(file, **{key: values for key, values in saved[1].items() if key != name})
    with pytest.raises(ValueError, match="^path: "):
        lr.load(path)
