import numpy as np
import lrguide as lr
from lrguide.intervals import feldman_cousins

low, high = feldman_cousins(4, 3.0)
print(f"four events on a background of three: signal between {low:.2f} and {high:.2f} at 90 %")

toy = lr.Resonance(0.08)
model = lr.Likelihood({"signal": lr.Process(50, toy), "background": lr.Process(1000)}, strength={"mu": "signal"})
x = lr.draw(toy, {"signal": 50, "background": 1000}, rng=1)
low, high = model.profile(x, "mu", np.linspace(0, 3, 61)).interval(0.6827)
print(f"mu between {low:.3f} and {high:.3f} at 68.27 %")
print(lr.limit(model, x, source=toy))
