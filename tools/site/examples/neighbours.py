import numpy as np
from lrguide import Likelihood, Process
from lrguide.neighbours import thinned
from lrguide.rates import events_on


class Peak:
    "Log ratio of a peak at m to a uniform distribution."
    parameters = {"m": (0.1, 0.9)}

    def log_ratio(self, x, nu=None):
        return -0.5 * ((x[:, 0] - nu[0]) / 0.03) ** 2 - np.log(0.03 * np.sqrt(2 * np.pi))


rng = np.random.default_rng(1)
events = np.concatenate([rng.uniform(0, 1, 50_000), rng.normal(0.4, 0.03, 600)])[:, None]
model = Likelihood({"signal": Process(600, Peak()), "background": Process(50_000)}, {"mu": "signal"})
few, wrong = thinned(events_on(model, events), ["m"], {"mu": 1.0, "m": 0.5}, most=1000)
print(f"{few.size} events stand for {few.weights.sum():.0f}")
