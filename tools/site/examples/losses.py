import numpy as np
from lrguide.losses import find_loss, isotonic_calibration

cross_entropy = find_loss("cross-entropy")
f = np.linspace(-3, 3, 6001)                                # outputs where 0.7 of the weight is signal
mean_loss = 0.7 * np.asarray(cross_entropy.numerator(f)) + 0.3 * np.asarray(cross_entropy.denominator(f))
print(f"smallest at {f[mean_loss.argmin()]:.3f}, the log of 0.7/0.3 is {np.log(0.7 / 0.3):.3f}")
