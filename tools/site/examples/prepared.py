import numpy as np
import lrguide as lr
from lrguide.prepared import Prepared

toy = lr.Resonance(0.08)
model = lr.Likelihood({"signal": lr.Process(50, toy), "background": lr.Process(1000)}, strength={"mu": "signal"})
data = model.on(lr.draw(toy, {"signal": 50, "background": 1000}, rng=1))
assert isinstance(data, Prepared)                          # the ratio was asked once, and will not be asked again
best = data.fit().values["mu"]
print(f"mu = {best:.4f}; nll at 0, there and at 2:", data({"mu": np.array([0.0, best, 2.0])}).round(3))
