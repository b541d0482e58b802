import numpy as np
import lrguide as lr
from lrguide.analysis import analyse

rng = np.random.default_rng(1)
sample = lambda centre, n: lr.Table(rng.normal(centre, 1, (n, 1)), names=("height",))
recipe = lr.Recipe(members=2, hidden=(8,), bootstrap=True, training=lr.Training(epochs=4), shares=(0.6, 0.2, 0.2))
found = analyse(sample(1, 30_000), sample(0, 30_000), sample(0, 1000), expected={"signal": 40, "background": 1000}, recipe=recipe, rng=1)
print(found.limit)
print(found.diagnoses["signal"])
