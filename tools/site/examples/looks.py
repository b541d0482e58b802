import numpy as np
from lrguide import Likelihood, Process
from lrguide.looks import on_grids


class Peak:
    "Log ratio of a peak at m to a uniform distribution."
    parameters = {"m": (0.1, 0.9)}

    def log_ratio(self, x, nu=None):
        return -0.5 * ((x[:, 0] - nu[0]) / 0.03) ** 2 - np.log(0.03 * np.sqrt(2 * np.pi))


rng = np.random.default_rng(1)
events = np.concatenate([rng.uniform(0, 1, 500), rng.normal(0.4, 0.03, 50)])[:, None]
model = Likelihood({"signal": Process(50, Peak()), "background": Process(500)}, {"mu": "signal"})
places = {"m": np.linspace(0.1, 0.9, 33)}
((nll, strength),) = on_grids(model.on(events), {"mu": np.ones(1), "m": np.array([0.5])}, [(np.array([0]), places)], 1, ["mu"], model.parameters, near=False)
best = nll[:, 0].argmin()
print(f"deepest at m = {places['m'][best]:.2f}, with a strength of {strength['mu'][best, 0]:.2f}")
