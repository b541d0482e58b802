import numpy as np
import lrguide as lr

narrow, wide = lr.Resonance(0.04), lr.Resonance(0.16)
y = np.array([0.0, 0.2])
between = lr.Combined([(1, narrow), (-1, wide)])          # log of the quotient of the two ratios
print(between.log_ratio(y), narrow.log_ratio(y) - wide.log_ratio(y))

half = lr.Mixture({"narrow": (0.5, narrow), "wide": (0.5, wide)})
print(np.exp(half.log_ratio(y)), (np.exp(narrow.log_ratio(y)) + np.exp(wide.log_ratio(y))) / 2)
