import numpy as np
import lrguide as lr

toy = lr.Resonance(0.08)
model = lr.Likelihood({"signal": lr.Process(50, toy), "background": lr.Process(1000)}, strength={"mu": "signal"})
x = lr.draw(toy, {"signal": 50, "background": 1000}, rng=1)
compact = lr.compacted(model, x, ranges={"mu": (0.0, 3.0)})
print(f"{compact.numbers} numbers in place of {len(x)} events")
print(f"mu = {compact.fit().values['mu']:.6f}, from all events {model.fit(x).values['mu']:.6f}")
