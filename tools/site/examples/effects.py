import numpy as np
from lrguide.binned import Contents
from lrguide.effects import effects_of, expanded_rates, rates_of

processes = {"signal": Contents([2.0, 5.0]), "background": Contents([50.0, 20.0], norm={"rate": 0.1}, shape={"scale": ([48.0, 21.0], [53.0, 19.0])})}
effects = effects_of(processes, {"mu": "signal"})
at = {"mu": np.array([1.0]), "rate": np.array([0.5]), "scale": np.array([-1.0])}
print("expected", rates_of(effects, at)[0].round(3))
print("slopes by mu, rate and scale", *expanded_rates(effects, at, ["mu", "rate", "scale"])[2][0].round(3), sep="\n")
