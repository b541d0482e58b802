import numpy as np
from lrguide.unfolding import iterative_bayes

response = np.array([[0.8, 0.2], [0.2, 0.8]])               # one event in five ends in the wrong bin
truth = np.array([300.0, 100.0])
for k, found in enumerate(iterative_bayes(response, response @ truth, np.array([200.0, 200.0]), 8)):
    if k in (0, 1, 4, 8):
        print(f"after {k} iterations {found.round(1)}")
