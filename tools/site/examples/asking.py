import numpy as np
from lrguide.asking import Called, parabolas_of


class Peak:
    "Log ratio of a peak at m, of width w, to a uniform distribution; it counts its calls."
    parameters, calls = {"m": (0.1, 0.9), "w": (0.02, 0.1)}, 0

    def log_ratio(self, x, nu=None):
        self.calls += 1
        return -0.5 * ((x[:, 0] - nu[0]) / nu[1]) ** 2 - np.log(nu[1] * np.sqrt(2 * np.pi))


rng = np.random.default_rng(1)
peak, x = Peak(), rng.uniform(0, 1, (300, 1))
points = np.stack([rng.uniform(0.1, 0.9, 200), rng.uniform(0.02, 0.1, 200)], axis=1)
print(Called(peak, x[None], np.array(list(peak.parameters.values())))(points).shape, f"log ratios from {peak.calls} calls")
along_m = parabolas_of(peak, x, np.array([0.1, 0.05]), np.array([0.9, 0.05]))          # w held: a parabola of m
print(np.abs(along_m(np.array([[0.3, 0.05]]))[0] - peak.log_ratio(x, [0.3, 0.05])).max() < 1e-12)
