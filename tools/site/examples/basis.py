import numpy as np
from lrguide.basis import line_tail, log_of_line

mean, z = log_of_line(np.array([3.0]), np.array([1.0]))     # log(3 + u) for u in [-1, 1]
u = 0.3
series = mean - 2 * sum((-z) ** k * np.cos(k * np.arccos(u)) / k for k in range(1, 7))
print(f"{series[0]:.8f} with six terms, {np.log(3 + u):.8f} exactly; the rest is below {line_tail(z, 6)[0]:.1e}")
