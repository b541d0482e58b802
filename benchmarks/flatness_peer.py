"""Flatness boosting on chapter 56's jets, by a Python that has hep_ml 0.8.0 and pandas: python -m benchmarks.flatness_peer writes benchmarks/flatness.json.

Gradient boosting of trees (A. Rogozhnikov et al., arXiv:1410.4140): the log loss, and the log loss plus the unevenness of the score's distribution in bins
of mass, background only, times a coefficient. The numbers are those of chapter 53: rejection at half of the signal, divergence of the spectra, largest over
smallest background efficiency, and CPU seconds of the training."""

import json
import time
from pathlib import Path

import hep_ml
import numpy as np
import pandas as pd
from hep_ml.gradientboosting import UGradientBoostingClassifier
from hep_ml.losses import BinFlatnessLossFunction, LogLossFunction
from lrguide.arrays import join, spawn
from lrguide.decorrelation import FatJets, cut_at, flatness, rejection, sculpting
from lrguide.weak_supervision import auc

TREES = dict(n_estimators=100, learning_rate=0.1, max_depth=4, min_samples_leaf=100, subsample=0.5, random_state=1)
COEFFICIENTS = (0, 3, 20, 50, 100, 300)
EDGES = np.linspace(50, 250, 21)


def samples(n_train: int, n_test: int, seed: int) -> list:
    "Tables of training and test events, as many of both classes."
    model = FatJets()
    return [join(*(model.sample(process, n, own) for process, own in zip(("signal", "background"), streams.spawn(2))))
            for n, streams in zip((n_train, n_test), spawn(seed, 2))]


def boosted(train, coefficient: float):
    "A classifier of the three features, and the CPU seconds of its training."
    frame = pd.DataFrame(train.x, columns=list(train.names)).assign(m=train.also["m"])
    loss = LogLossFunction() if coefficient == 0 else BinFlatnessLossFunction(["m"], uniform_label=0, n_bins=20, fl_coefficient=coefficient, power=2.0, allow_wrong_signs=True)
    start, model = time.process_time(), UGradientBoostingClassifier(loss=loss, train_features=list(train.names), **TREES)
    model.fit(frame, train.also["signal"])
    return model, time.process_time() - start


def judged(model, test) -> dict:
    "What is kept and what is left, on test events; `signal` and `background`: shares of the class that pass, in bins of mass."
    label, mass = test.also["signal"], test.also["m"]
    score = model.predict_proba(pd.DataFrame(test.x, columns=list(test.names)).assign(m=mass))[:, 1]
    background, passes = label == 0, score > cut_at(score, label, 0.5)
    left, kept = sculpting(mass[background], passes[background], EDGES), rejection(score, label, 1 - label, 0.5)
    spectra = {name: (np.histogram(mass[passes & own], EDGES)[0] / own.sum()).tolist() for name, own in (("signal", ~background), ("background", background))}
    worst = flatness(mass[background], passes[background], EDGES).worst
    return {"rejection": kept, "jsd": left.jsd, "bias": left.bias, "jsd_error": left.error, "worst": worst if np.isfinite(worst) else None,
            "auc": float(auc(score, label, 1 - label))} | spectra


if __name__ == "__main__":
    train, test = samples(40_000, 100_000, 1)
    rows = []
    for coefficient in COEFFICIENTS:
        model, cpu = boosted(train, coefficient)
        rows.append({"coefficient": coefficient} | judged(model, test) | {"cpu": round(cpu, 1)})
        print({name: value for name, value in rows[-1].items() if name not in ("signal", "background")}, flush=True)
    Path(__file__).with_name("flatness.json").write_text(json.dumps({"hep_ml": hep_ml.__version__, "events": 80_000, "trees": TREES, "rows": rows}, indent=1) + "\n")
