import numpy as np
from lrguide.likelihood import Likelihood, Normal, Process
from lrguide.terms import derivatives_at

count = Likelihood({"signal": Process(10.0), "background": Process(lambda v: 50 * v["b"])}, {"mu": "signal"}, [Normal("b", 1.0, 0.1)], {"b": (0.5, 1.5)})
nll, gradient, second = derivatives_at(count.on(np.zeros((60, 1))), {"mu": np.array([1.0, 0.5]), "b": np.array([1.0, 1.1])}, ["mu", "b"])
print("slopes", *gradient.round(4), "second derivatives at the first point", *second[0].round(4), sep="\n")
