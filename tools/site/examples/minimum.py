import numpy as np
from lrguide.minimum import crossings, newton

centre = np.array([[1.0, -2.0], [0.5, 3.0]])                # two functions of two parameters, minimised at once

def evaluate(points, which):
    away = points - centre[which]
    return np.sum(away**4 + away**2, axis=1), 4 * away**3 + 2 * away, np.einsum("qi,ij->qij", 12 * away**2 + 2, np.eye(2))

limits = np.full((2, 2), 10.0)
points, values, second, converged = newton(evaluate, np.zeros((2, 2)), -limits, limits)
print(points, converged)

zero = crossings(np.cos, np.array([2.0]), np.array([0.0]), np.cos([2.0]), np.cos([0.0]))
print(f"the cosine changes sign at {zero[0]:.9f}")
