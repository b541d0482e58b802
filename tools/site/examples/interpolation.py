import numpy as np
import lrguide as lr
from lrguide.interpolation import interpolated

model, x = lr.Resonance(None), np.array([[0.0], [0.1]])     # its resolution is a parameter
polynomial = interpolated(model, x, {"sigma": (0.04, 0.16)}, n=1000)
print("degrees", polynomial.degrees, f"error at most {polynomial.error:.1e}")
