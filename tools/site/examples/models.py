import numpy as np
import lrguide as lr

toy = lr.Resonance(sigma=0.04)
x = toy.sample("signal", 5, rng=1).x
print(np.exp(toy.log_ratio(x)))
print(np.exp(toy.log_density("signal", x) - toy.log_density("background", x)))
print(len(lr.draw(toy, {"signal": 50, "background": 1000}, rng=2)), "events in one data set")
