import numpy as np
import lrguide as lr
from lrguide.mixture import fraction_response, raw_fraction

toy, wrong = lr.Resonance(0.08), lr.Resonance(0.12)
x = np.concatenate([toy.sample("signal", 2000, rng=1).x, toy.sample("background", 8000, rng=2).x])
print(f"fraction 0.2: {raw_fraction(toy.log_ratio(x)):.3f} with the exact ratio, {raw_fraction(wrong.log_ratio(x)):.3f} with a wrong one")
says = fraction_response(wrong, toy.quadrature("signal"), toy.quadrature("background"), 0.2, 10_000)
print(f"such fits scatter around {says.centre:.4f} by {says.width:.4f}")
