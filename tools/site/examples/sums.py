import numpy as np
from scipy.stats import poisson
from lrguide.sums import upper_tail

three = upper_tail(np.array([1.0]), np.array([4.0]), at=9.0)                   # a count, with 4 expected
print(np.exp(three.log_tail(9.0)), poisson.sf(8, 4.0))
weighted = upper_tail(np.array([0.5, 1.7]), np.array([4.0, 1.0]), at=12.0)     # events that count 0.5 and 1.7
print(f"P(sum >= 12) = {np.exp(weighted.log_tail(12.0)):.3e}, from {weighted.how}")
