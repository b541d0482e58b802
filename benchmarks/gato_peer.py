"""Bin edges by gato-hep, in a Python 3.11 of its own that has gato-hep 0.2.1 (with its TensorFlow 2.17 to 2.19) and SciPy:
KERAS_BACKEND=tensorflow python -m benchmarks.gato_peer writes benchmarks/gato.json, which chapter 73 reads.

gato-hep (J. Erdmann et al., arXiv:2601.07756) makes the edges of bins differentiable and learns them on a significance. Here: on the score
p_S/(p_S + p_B) of events of chapter 72's model at its nominal parameters, by the criterion and the schedules of gato-hep's own example."""

import json
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import tensorflow as tf
from gatohep.models import gato_sigmoid_model
from gatohep.utils import LearningRateScheduler, SteepnessScheduler
from lrguide.arrays import spawn
from lrguide.inference_aware import MovingBackground

EPOCHS, RATES, STEEPNESS = 250, (0.1, 0.001), (50.0, 10_000.0)
HALF, SEED, YIELDS, BINS, TRAININGS = 50_000, 3, (50.0, 1000.0), (3, 5, 10), 3


class Edges(gato_sigmoid_model):
    "Edges of `bins` bins of one score between 0 and 1."

    def __init__(self, bins: int):
        super().__init__([{"name": "NN_output", "bins": bins, "range": (0.0, 1.0)}], global_steepness=STEEPNESS[0])


def trained(events: dict, bins: int, seed: int) -> np.ndarray:
    "The learned edges (bins - 1,)."
    tf.random.set_seed(seed)
    model, optimizer = Edges(bins), tf.keras.optimizers.RMSprop(learning_rate=RATES[0])
    rate = LearningRateScheduler(optimizer, lr_initial=RATES[0], lr_final=RATES[1], total_epochs=EPOCHS, mode="cosine")
    steepness = SteepnessScheduler(model, t_initial=STEEPNESS[0], t_final=STEEPNESS[1], total_epochs=EPOCHS, mode="cosine")

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -model.get_differentiable_significance(events, signal_labels=["signal"], return_details=True)[0]["signal"]
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients((gradient, variable) for gradient, variable in zip(gradients, model.trainable_variables) if gradient is not None)

    for epoch in range(EPOCHS):
        rate.update(epoch), steepness.update(epoch)
        step()
    return np.sort(model.calculate_boundaries().numpy())


if __name__ == "__main__":
    model = MovingBackground()
    classes = {"signal": 0, "background": 1}                # gato-hep takes every other name for a background
    score = {name: 1 / (1 + np.exp(-model.log_ratio(model.sample(name, HALF, rng).x))) for name, rng in zip(classes, spawn(SEED, 2))}
    events = {name: {"NN_output": tf.constant(score[name], tf.float32), "weight": tf.fill([HALF], tf.constant(YIELDS[place] / HALF, tf.float32))} for name, place in classes.items()}
    rows = []
    for bins in BINS:
        start = time.process_time()
        edges = [np.round(trained(events, bins, seed).astype(float), 5).tolist() for seed in range(TRAININGS)]
        rows.append({"bins": bins, "edges": edges, "cpu": round(time.process_time() - start, 1)})
        print(rows[-1], flush=True)
    found = {"gato-hep": version("gato-hep"), "tensorflow": tf.__version__, "half": HALF, "seed": SEED, "yields": YIELDS, "epochs": EPOCHS, "rows": rows}
    lines = json.dumps({**found, "rows": []})[:-2] + "\n" + ",\n".join(" " + json.dumps(row) for row in rows) + "\n]}\n"
    Path(__file__).with_name("gato.json").write_text(lines)
