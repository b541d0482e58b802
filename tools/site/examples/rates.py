import numpy as np
import lrguide as lr
from lrguide.rates import log_rate, norm_factor

toy, x = lr.Resonance(0.08), np.array([[0.0], [0.3]])
rates = np.exp(log_rate(np.array([[50.0], [1000.0]]), [toy.log_ratio(x)[None], np.zeros((1, 2))]))
print(rates, 50 * np.exp(toy.log_ratio(x)) + 1000)          # events per unit of the flat background's density
print(norm_factor(np.array([-1.0, 0.0, 1.0]), 0.9, 1.2))
