import numpy as np
import lrguide as lr
from lrguide.losses import per_event
from lrguide.nets import predict, train

rng = np.random.default_rng(1)
x = np.concatenate([rng.normal(0.5, 1, (5000, 1)), rng.normal(-0.5, 1, (5000, 1))])
columns = {"x": x, "label": np.repeat([1.0, 0.0], 5000), "weight": np.ones(10_000)}
trained = train(per_event("cross-entropy", lr.Dense(1, (16,))), columns, members=3, training=lr.Training(epochs=5), rng=1)
print(predict(trained.network, np.array([[0.0], [1.0]])), "by three members, where 0 and 1 are exact")
