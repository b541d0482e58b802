import numpy as np
from sklearn.linear_model import LogisticRegression
import lrguide as lr

rng = np.random.default_rng(1)
signal, background = rng.normal(1, 1, (105_000, 1)), rng.normal(0, 1, (105_000, 1))
theirs = LogisticRegression().fit(np.concatenate([signal[:5000], background[:5000]]), np.repeat([1, 0], 5000))
ratio = lr.from_scores(theirs, lr.Table(signal[5000:]), lr.Table(background[5000:]))
print(ratio.log_ratio(np.array([[0.0], [1.0]])), "where -0.5 and 0.5 are exact")
