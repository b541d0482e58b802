"""A ratio in a file: whatever the loss, the calibration, the parameters, the number of members, the runtime says what `log_ratio` says."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import lrguide as lr
from lrguide.losses import LOSSES, Calibration, Loss, Normalisation
from lrguide.nets import DeepSets, Network, Scaling
from lrguide.ratio import Fitted, NetworkScores, architecture_of

pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
RANGES = {"scale": (0.9, 1.1), "shift": (-1.0, 3.0)}


def made(k=0, sets=False, knots=50, offset=0.0, d=3, over="pooled", inputs=None, names=None, **settings):
    """A ratio that nobody trained: random networks, tables, shifts; as from a fit otherwise."""
    ratio = lr.Ratio(dict(list(RANGES.items())[:k]), **({"members": 3, "hidden": (16, 16), "particle": (8, 4)} | settings), normalise=over, rng=1)
    m, rng = ratio.recipe.members, np.random.default_rng(7)
    shape = architecture_of(ratio.recipe, np.zeros((1, 2, d + k) if sets else (1, d + k)))
    network = Network(shape, 1.5 * shape.draw(rng.spawn(m)))
    scaling = Scaling(np.append(np.full(d - 1, offset), 0.0), np.append(np.ones(d - 1), 4.0)) if sets else Scaling(np.full(d, offset), np.ones(d))
    scores = NetworkScores(network, scaling, ratio.recipe.loss, ratio.parameters, inputs)
    tables = tuple(Calibration(np.sort(rng.normal(0, 2, knots)), np.sort(rng.normal(0, 1, knots))) for _ in range(m)) if knots else None
    p = 1 + 4 * k + k * (k - 1) // 2
    found = Normalisation(ratio.parameters, rng.normal(0, 0.3, (m, p)), np.zeros((m, p, p)), over) if over else None
    ratio.fitted = Fitted(scores, d, names, tables, found, sets=sets)
    return ratio


def events(ratio, n=500, seed=3):
    """Features and nuisance parameters, inputs of the ratio."""
    rng, fitted = np.random.default_rng(seed), ratio.fitted
    if fitted.sets:
        x = rng.normal(np.ravel(fitted.scores.scaling.mean)[0], 1, (n, 5, fitted.n_features))
        x[..., -1] = rng.random((n, 5)) < 0.6
        x[0, :, -1] = 0                                     # an event without particles
    else:
        x = rng.normal(fitted.scores.scaling.mean, 1, (n, fitted.n_features))
    return (x, ratio.parameters.at(rng.uniform(-1, 1, (n, len(ratio.parameters))))) if ratio.parameters else (x, None)


def answers(model, x, nu=None):
    """What the runtime says, by output."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return dict(zip([one.name for one in session.get_outputs()], session.run(None, {"x": x} | ({} if nu is None else {"nu": nu}))))


CASES = {**{f"loss {name}": dict(loss=name) for name in LOSSES}, "one member": dict(members=1), "no table": dict(knots=0), "not normalised": dict(over=None),
         "over the denominator": dict(over="denominator"), "nu": dict(k=1), "two nu": dict(k=2, over="denominator"), "sets": dict(sets=True),
         "sets and nu": dict(sets=True, k=2), "offset": dict(offset=1e6), "many knots": dict(knots=1000, k=1), "no hidden layer": dict(hidden=()),
         "scaled twice": dict(inputs=Scaling(0.5, 2.0))}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("piece", [64, None])
def test_the_runtime_says_what_we_say(case, piece):
    ratio = made(**CASES[case])
    x, nu = events(ratio)
    found = answers(lr.to_onnx(ratio, members=True, piece=piece), x, nu)
    steep = max((np.max(np.diff(table.log_ratio) / np.diff(table.knots)) for table in ratio.fitted.tables or ()), default=1.0)
    np.testing.assert_allclose(found["members"], ratio.log_ratio(x, nu, members=True), atol=2e-6 * max(1, steep), rtol=2e-6)
    np.testing.assert_allclose(found["log_ratio"], ratio.log_ratio(x, nu), atol=2e-6 * max(1, steep), rtol=2e-6)


@pytest.mark.parametrize("n", [0, 1, 7, 64, 65, 1000])
@pytest.mark.parametrize("sets", [False, True])
def test_any_number_of_events(n, sets):
    ratio = made(k=1, sets=sets)
    x, nu = events(ratio, 1000)
    model = lr.to_onnx(ratio, piece=64)
    found = answers(model, x[:n], nu[:n])["log_ratio"]
    assert found.shape == (n,) and set(answers(model, x[:1], nu[:1])) == {"log_ratio"}
    np.testing.assert_allclose(found, answers(model, x, nu)["log_ratio"][:n], atol=1e-4)
    np.testing.assert_allclose(answers(model, x[:n], nu[:1])["log_ratio"], ratio.log_ratio(x[:n], nu[0]), atol=1e-4)         # one row of nu for all


@pytest.mark.parametrize("sets", [False, True])
def test_what_we_refuse_is_nan(sets):
    ratio = made(k=1, sets=sets, knots=20)
    x, nu = events(ratio, 8)
    x, nu = x.copy(), nu.copy()
    x[..., -1] = 1.0
    nu[1], nu[2], nu[3] = 0.89, np.nan, 1.1 * (1 + 1e-8)     # the last one is within a rounding
    x[4, ..., 0], x[5, ..., 0], x[6] = np.nan, np.inf, 1e300
    if sets:
        x[7, 0, -1] = 0.5
    found = answers(lr.to_onnx(ratio, members=True), x, nu)
    assert np.isfinite(found["log_ratio"])[[0, 3]].all() and np.isnan(found["log_ratio"][[1, 2, 4, 5]]).all()
    assert np.isnan(found["members"][:, [1, 2, 4, 5]]).all() and np.isnan(found["log_ratio"][7]) == sets
    if sets:                                                 # but filling may hold anything
        x, nu = events(ratio, 8)
        dirty = np.where(x[..., -1:] == 0, np.append(np.full(x.shape[-1] - 1, np.nan), 0.0), x)
        np.testing.assert_array_equal(*(answers(lr.to_onnx(ratio), one, nu)["log_ratio"] for one in (x, dirty)))


def test_the_file(tmp_path):
    ratio, path = made(k=1, names=("mass", "angle", "time")), tmp_path / "ratio.onnx"
    model = lr.to_onnx(ratio, path)
    assert path.read_bytes() == model.SerializeToString()
    about = {one.key: one.value for one in model.metadata_props}
    assert about["features"] == '["mass", "angle", "time"]' and about["parameters"] == '{"scale": [0.9, 1.1]}' and "lrguide" in about
    with pytest.raises(FileNotFoundError, match="^path: "):
        lr.to_onnx(ratio, tmp_path / "nowhere" / "ratio.onnx")


REFUSED = {"a function": (TypeError, "ratio", lambda: lr.FromFunction(lambda x: x[:, 0])),
           "not fitted": (ValueError, "ratio", lambda: lr.Ratio(rng=1)),
           "foreign": (ValueError, "ratio", lambda: lr.from_scores(lambda x: x[:, 0], *[lr.Table(np.random.default_rng(k).normal(k, 1, (500, 1))) for k in (1, 0)])),
           "inputs": (ValueError, "inputs", lambda: made(inputs=lambda x: x)),
           "own loss": (ValueError, "loss", lambda: made(loss=Loss("mine", *[LOSSES["cross-entropy"].numerator] * 2))),
           "architecture": (ValueError, "network", lambda: strange(made()))}


def strange(ratio):
    """The `ratio` with networks that are none."""
    ratio.fitted = replace(ratio.fitted, scores=replace(ratio.fitted.scores, network=Network(object(), np.zeros((3, 1)))))
    return ratio


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_the_way_out(case):
    error, name, make = REFUSED[case]
    with pytest.raises(error, match=f"^{name}: expected") as refused:
        lr.to_onnx(make())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("piece", [0, -1, 1.5, "all"])
def test_a_piece_is_a_number_of_events(piece):
    with pytest.raises((TypeError, ValueError), match="^piece: "):
        lr.to_onnx(made(), piece=piece)


def test_a_labelled_ratio_is_exported_and_knows_its_features():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(1)
    frame, label = pd.DataFrame({"mass": rng.normal(0, 1, 400), "angle": rng.normal(0, 1, 400)}), np.repeat([1, 0], 200)
    adapter = lr.LabelledRatio(lr.Ratio(members=2, hidden=(8,), normalise=None, training=lr.Training(epochs=1, batch=50), rng=1))
    adapter.fit(frame, label, sample_weight=np.ones(400))
    assert list(adapter.feature_names_in_) == ["mass", "angle"] and adapter.n_features_in_ == 2
    x = frame.to_numpy()
    np.testing.assert_array_equal(adapter.log_ratio(frame[["angle", "mass"]]), adapter.log_ratio(x))
    np.testing.assert_allclose(answers(lr.to_onnx(adapter), x)["log_ratio"], adapter.log_ratio(x), atol=1e-5)
    with pytest.raises(ValueError, match="^x: expected the features mass, angle"):
        adapter.predict(frame.rename(columns={"mass": "energy"}))
    with pytest.raises(ValueError, match="^ratio: expected a fitted ratio"):
        lr.to_onnx(lr.Ratio(rng=1))
    assert not hasattr(adapter.fit(x, label), "feature_names_in_")


@pytest.mark.parametrize("labels", [np.array([1, 0] * 5), [1, 0] * 5])
def test_events_and_labels_are_for_a_labelled_ratio(labels):
    with pytest.raises(TypeError, match="^numerator, denominator: expected two Tables, .*LabelledRatio") as refused:
        lr.Ratio(rng=1).fit(np.zeros((10, 2)), labels)
    assert "\n" not in str(refused.value)


def header_of_the_runtime():
    """The folder of its C++ header: of Debian's libonnxruntime-dev, or in the release that ORT names; None without one."""
    folders = [Path(place) for place in (os.environ.get("ORT", "/usr") + "/include", "/usr/include/onnxruntime", "/usr/local/include/onnxruntime")]
    return next((folder for folder in folders if (folder / "onnxruntime_cxx_api.h").exists()), None)


@pytest.mark.skipif(header_of_the_runtime() is None or shutil.which("g++") is None, reason="no g++ or no onnxruntime_cxx_api.h")
@pytest.mark.parametrize("knots", [0, 50])
def test_the_lines_in_cpp_of_chapter_81_say_what_we_say(tmp_path, knots):
    chapter = json.loads((Path(__file__).parents[1] / "nbs/8_your_analysis/81_borders.ipynb").read_text(encoding="utf-8"))
    [lines] = re.findall(r"```cpp\n(.*?)```", "\n".join("".join(cell["source"]) for cell in chapter["cells"]), re.DOTALL)
    [library] = (Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so.1*")
    (tmp_path / "ratio.cpp").write_text(lines)
    (tmp_path / "libonnxruntime.so.1").symlink_to(library)
    subprocess.run(["g++", "-std=c++17", "-Wall", "-Werror", "ratio.cpp", f"-I{header_of_the_runtime()}", "libonnxruntime.so.1", f"-Wl,-rpath,{tmp_path}", "-o", "ratio"], cwd=tmp_path, check=True)
    numbers = lambda name: [float(one) for one in re.search(rf"{name} = {{(.*?)}};", lines)[1].split(",")]
    x, nu = np.reshape(numbers("x"), (2, 3)), np.array([numbers("nu")])
    ratio = made(k=1, knots=knots)
    ratio.fitted = replace(ratio.fitted, scores=replace(ratio.fitted.scores, scaling=Scaling(np.array([100.0, 0.0, 0.0]), np.array([10.0, 1.0, 1.0]))))
    lr.to_onnx(ratio, tmp_path / "ratio.onnx")
    said = subprocess.run(["./ratio"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout.split()
    np.testing.assert_allclose(np.array(said, float), ratio.log_ratio(x, np.repeat(nu, 2, axis=0)), rtol=0, atol=1e-5)
    assert said[0] != said[1]
