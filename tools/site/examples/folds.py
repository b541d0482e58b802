import numpy as np
import lrguide as lr

rng = np.random.default_rng(1)
signal, background = lr.Table(rng.normal(1, 1, (20_000, 1))), lr.Table(rng.normal(0, 1, (20_000, 1)))
recipe = lr.Recipe(hidden=(8,), training=lr.Training(epochs=4))
ratio = lr.across_folds(signal, background, recipe, folds=2, rng=1)
print(ratio.log_ratio(np.array([[0.0], [1.0]])), "where -0.5 and 0.5 are exact")
