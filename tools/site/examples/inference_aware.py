import numpy as np
from lrguide.inference_aware import best_edges, expected_error

information = np.array([[100.0, 30.0], [30.0, 25.0]])       # of a strength and of one nuisance parameter
print(f"error of the strength: {expected_error(information):.4f}; fixed: {expected_error(information, free=np.array([True, False])):.4f};"
      f" known to 0.1: {expected_error(information, precision=np.array([0.0, 1 / 0.1**2])):.4f}")

signal, background = np.linspace(1, 20, 20), np.full(20, 10.0)
squared = lambda sums: sums[0] ** 2 / sums[1]               # s^2/b of each bin, to be summed
value, edges = best_edges(np.array([signal, background]), squared, bins=3)
print(f"three bins that begin at cells 0, {edges[0]} and {edges[1]} keep {value / np.sum(signal**2 / background):.1%}")
