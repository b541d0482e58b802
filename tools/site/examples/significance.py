import numpy as np
from lrguide.significance import best_cut, significance_tree

x = np.linspace(-4, 5, 901)
signal, background = 20 * np.exp(-(x - 1) ** 2 / 2), 200 * np.exp(-x**2 / 2)   # expected events, cell by cell
signal, background = signal / signal.sum() * 20, background / background.sum() * 200
z, above = best_cut(x, signal, background)
print(f"best cut at {x[above].min():.2f}: Z = {z:.3f}; without it {20 / np.sqrt(200):.3f}")
print(significance_tree(x[:, None], signal, background, leaves=3).splits)
