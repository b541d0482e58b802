import numpy as np
import lrguide as lr

rng = np.random.default_rng(1)
sample = lambda centre, n: lr.Table(rng.normal(centre, 1, (n, 1)))
ratio = lr.Ratio(members=3, hidden=(16,), training=lr.Training(epochs=4), rng=1).fit(sample(1, 20_000), sample(0, 20_000))
print(ratio.log_ratio(np.array([[0.0], [1.0]])), "where -0.5 and 0.5 are exact")
print(ratio.diagnose(sample(1, 5000), sample(0, 5000)))
