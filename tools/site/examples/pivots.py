import numpy as np
from lrguide.pivots import equal_bins, mutual_information

rng = np.random.default_rng(1)
z, noise = rng.integers(2, size=20_000), rng.normal(size=20_000)
for name, score in {"independent of z": noise, "shifted by z": noise + z}.items():
    number = equal_bins(score, np.ones(20_000), 10)
    contents = np.array([np.bincount(number[z == k], minlength=10) for k in (0, 1)])
    print(f"{name}: {mutual_information(contents):.4f} nats")
