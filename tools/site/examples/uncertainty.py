import numpy as np
from lrguide.uncertainty import jackknife, uncertain_significance

sample = np.random.default_rng(1).normal(size=400)
value, error = jackknife(np.mean, sample)
print(f"mean {value:.4f} +- {error:.4f}; the textbook's error is {sample.std(ddof=1) / 20:.4f}")
print(f"S = 20 on B = 100: {uncertain_significance(20, 100, 0.0):.2f}, and {uncertain_significance(20, 100, 0.1):.2f} if B is known to 10 %")
