import numpy as np
from lrguide.valleys import valleys

nu = np.linspace(-2, 2, 401)
nll = (nu**2 - 1) ** 2 + 0.1 * nu                           # two minima, the left one deeper
found = valleys(nll[:, None])[:, 0]
print("valleys at", nu[found].round(2), "where the nll is", nll[found].round(3))
