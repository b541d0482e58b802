"""Run by the public `omnifold` package's own Python: python omnifold_peer.py EVENTS.npz RESULT.npz ITERATIONS EPOCHS PATIENCE SEED.

EVENTS has `truth` and `reco` (n, 1) of the simulation and `data` (n', 1), single precision. RESULT gets the weights (n,) after the last second
step, wall and CPU seconds of the unfolding, and the epochs of each fit (iterations, 2)."""

import pickle
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from omnifold import MLP, DataLoader, MultiFold

LAYERS = [100, 100, 100]


def unfolded(truth, reco, data, iterations: int, epochs: int, patience: int) -> dict:
    "What RESULT holds. Batch (128), rate (1e-4) and share of training events (0.8) are the package's defaults."
    with tempfile.TemporaryDirectory() as folder:
        loaders = DataLoader(reco=data, normalize=True), DataLoader(reco=reco, gen=truth, normalize=True)
        models = (MLP(1, layer_sizes=LAYERS) for _ in range(2))
        fold = MultiFold("peer", *models, *loaders, weights_folder=folder, log_folder=folder, niter=iterations, epochs=epochs, early_stop=patience)
        wall, cpu = time.perf_counter(), time.process_time()
        fold.Unfold()
        found = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "weights": fold.weights_push}
        fold.log_file.close()
        losses = [[pickle.loads(Path(f"{folder}/OmniFold_peer_iter{k}_step{step}.pkl").read_bytes())["loss"] for step in (1, 2)] for k in range(iterations)]
        return found | {"epochs": np.array([[len(one) for one in pair] for pair in losses])}


if __name__ == "__main__":
    events, result, *numbers = sys.argv[1:]
    iterations, epochs, patience, seed = map(int, numbers)
    tf.keras.utils.set_random_seed(seed)
    with np.load(events) as file:
        np.savez(result, **unfolded(*(file[name] for name in ("truth", "reco", "data")), iterations, epochs, patience))
