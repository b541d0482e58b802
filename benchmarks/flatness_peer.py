"""Flatness boosting by a Python that has hep_ml 0.8.0 and pandas: python -m benchmarks.flatness_peer writes benchmarks/flatness.json.

"rows" and "uboost": on chapter 56's jets. "measurement": on the events of chapter 75, flat in x0, which the unknown r moves; templates there.

Gradient boosting of trees (A. Rogozhnikov et al., arXiv:1410.4140): the log loss, and the log loss plus the unevenness of the score's distribution in bins
of mass, background only, times a coefficient. And uBoost (J. Stevens, M. Williams, arXiv:1305.7248): AdaBoost that also raises the weight of background
where less of it passes than on the whole, at one cut only, the one that so much of the background passes as at half of the signal of the best flat score; the
package's `uBoostClassifier` trains twenty of these by default, one for each efficiency. The numbers are those of chapter 53: rejection at half of the signal,
divergence of the spectra, largest over smallest background efficiency, and CPU seconds of the training."""

import json
import re
import time
from pathlib import Path

import hep_ml
import numpy as np
import pandas as pd
from hep_ml.gradientboosting import UGradientBoostingClassifier
from hep_ml.losses import BinFlatnessLossFunction, LogLossFunction
from hep_ml.uboost import uBoostBDT
from lrguide.arrays import join, spawn
from lrguide.decorrelation import FatJets, cut_at, flat_efficiency, flatness, rejection, sculpting
from lrguide.inference_aware import MovingBackground, cells_of
from lrguide.pivots import equal_bins
from lrguide.weak_supervision import auc
from sklearn.tree import DecisionTreeClassifier

TREES = dict(n_estimators=100, learning_rate=0.1, max_depth=4, min_samples_leaf=100, subsample=0.5, random_state=1)
COEFFICIENTS = (0, 3, 20, 50, 100, 200, 300)
EDGES = np.linspace(50, 250, 21)


def samples(n_train: int, n_test: int, seed: int) -> list:
    "Tables of training and test events, as many of both classes."
    model = FatJets()
    return [join(*(model.sample(process, n, own) for process, own in zip(("signal", "background"), streams.spawn(2))))
            for n, streams in zip((n_train, n_test), spawn(seed, 2))]


def frame_of(x, **columns) -> pd.DataFrame:
    "The three features, and other columns."
    return pd.DataFrame(x, columns=["x0", "x1", "x2"]).assign(**columns)


def fitted(model, frame: pd.DataFrame, label) -> float:
    "Trains `model`; CPU seconds."
    start = time.process_time()
    model.fit(frame, label)
    return time.process_time() - start


def boosted(coefficient: float, flat_in: str = "m", seed: int = 1):
    "A classifier of the three features by boosting with the loss for flatness in one column, untrained."
    flat = BinFlatnessLossFunction([flat_in], uniform_label=0, n_bins=20, fl_coefficient=coefficient, power=2.0, allow_wrong_signs=True)
    return UGradientBoostingClassifier(loss=flat if coefficient else LogLossFunction(), train_features=["x0", "x1", "x2"], **TREES | {"random_state": seed})


def uboosted(passing: float, flat_in: str = "m", seed: int = 1):
    "A classifier of the three features by uBoost that is to be flat in one column where a share `passing` of the background passes, untrained."
    tree = DecisionTreeClassifier(max_depth=TREES["max_depth"], min_samples_leaf=TREES["min_samples_leaf"])
    # for the class 0 an efficiency is the share below the cut
    return uBoostBDT([flat_in], uniform_label=0, target_efficiency=1 - passing, train_features=["x0", "x1", "x2"], base_estimator=tree, algorithm="SAMME.R",
                     **{name: TREES[name] for name in ("n_estimators", "learning_rate", "subsample")}, random_state=seed)


def templates_of(model, cells, law: MovingBackground, grid) -> dict:
    "Shares of signal and of background in ten bins of the score, equal ones for a mixture of both, with the slope by r; background at each r of `grid`."
    score = model.decision_function(frame_of(cells.x))
    density = lambda process, r=None: np.exp(law.log_density(process, cells.x, None if r is None else (r, law.rate)))
    volume = cells.rate / (density("signal") + density("background"))       # cells of yields 1 and 1
    bins = equal_bins(score, cells.rate, 10)
    filled = lambda values: np.round(np.bincount(bins, values, 10), 7).tolist()
    return {"signal": filled(density("signal") * volume), "background": filled(density("background") * volume), "slope": filled(cells.slopes[1]),
            "at_r": [filled(density("background", r) * volume) for r in grid]}


def on_the_measurement(half: int = 15_000, seeds: int = 3) -> dict:
    "Templates of boosted trees on as many events of both classes of chapter 75's model as are its defaults, by several seeds, and CPU seconds of each kind."
    law, grid = MovingBackground(), np.round(np.linspace(0.6, 3.4, 29), 3)
    cells, found = cells_of(law, 1.0, 1.0, 2**16), {}
    x = np.concatenate([law.sample(process, half, own).x for process, own in zip(("signal", "background"), spawn(1, 2))])
    label = np.repeat([1, 0], half)
    for name, make in {"boosted trees": lambda seed: boosted(0, "x0", seed), "flatness boosting": lambda seed: boosted(20, "x0", seed), "uBoost": lambda seed: uboosted(0.05, "x0", seed)}.items():
        models = [make(seed) for seed in range(seeds)]
        cpu = sum(fitted(model, frame_of(x), label) for model in models)
        found[name] = {"cpu": round(cpu, 2), "templates": [templates_of(model, cells, law, grid) for model in models]}
        print(name, round(cpu, 2), flush=True)
    return {"events": 2 * half, "r": law.r, "grid": grid.tolist(), "methods": found}


def judged(model, test) -> dict:
    "What is kept and what is left, on test events; `signal` and `background`: shares of the class that pass, in bins of mass."
    label, mass = test.also["signal"], test.also["m"]
    score = model.decision_function(frame_of(test.x))
    background, passes = label == 0, score > cut_at(score, label, 0.5)
    left, kept = sculpting(mass[background], passes[background], EDGES), rejection(score, label, 1 - label, 0.5)
    spectra = {name: (np.histogram(mass[passes & own], EDGES)[0] / own.sum()).tolist() for name, own in (("signal", ~background), ("background", background))}
    worst = flatness(mass[background], passes[background], EDGES).worst
    return {"rejection": kept, "jsd": left.jsd, "bias": left.bias, "jsd_error": left.error, "worst": worst if np.isfinite(worst) else None,
            "auc": float(auc(score, label, 1 - label))} | spectra


if __name__ == "__main__":
    train, test = samples(40_000, 100_000, 1)
    rows, passing = [], flat_efficiency(FatJets(), 0.5)
    models = [({"coefficient": coefficient}, boosted(coefficient)) for coefficient in COEFFICIENTS]
    for kind, model in [*models, ({"passing": passing}, uboosted(passing))]:
        cpu = fitted(model, frame_of(train.x, m=train.also["m"]), train.also["signal"])
        rows.append(kind | judged(model, test) | {"cpu": round(cpu, 1)})
        print({name: value for name, value in rows[-1].items() if name not in ("signal", "background")}, flush=True)
    found = {"hep_ml": hep_ml.__version__, "events": 80_000, "trees": TREES, "rows": rows[:-1], "uboost": rows[-1], "measurement": on_the_measurement()}
    text = re.sub(r"\[\s+(-?[\d.e-]+(?:,\s+-?[\d.e-]+)*)\s+\]", lambda numbers: "[" + re.sub(r"\s+", " ", numbers[1]) + "]", json.dumps(found, indent=1))
    Path(__file__).with_name("flatness.json").write_text(text + "\n")       # lists of numbers on one line
