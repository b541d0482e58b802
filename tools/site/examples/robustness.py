import numpy as np
from lrguide.robustness import Freedom, first_order

x = np.random.default_rng(1).normal(size=(5000, 2))
linear = lambda x: 2 * x[..., 0] + x[..., 1]
free = first_order(Freedom(linear, size=0.1, held=None, unit=(1.0, 1.0)), x)
print(f"largest gain {free.bound:.4f}; the length of the slope (2, 1) times 0.1 is {0.1 * np.sqrt(5):.4f}")
