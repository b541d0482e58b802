import numpy as np
from lrguide.decorrelation import distance_correlation, normal_distance_correlation

rng = np.random.default_rng(1)
x, noise = rng.normal(size=(2, 20_000))
y = 0.5 * x + np.sqrt(0.75) * noise
print(f"{distance_correlation(x, y):.4f} in the sample, {normal_distance_correlation(0.5):.4f} exactly")
print(f"{distance_correlation(x, x**2 + 0 * noise):.3f} of a number and its square, which are not correlated")
