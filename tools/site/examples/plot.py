import tempfile
import numpy as np
from lrguide import plot

plot.style()
x = np.linspace(-2, 2, 101)
fig, ax = plot.figure(width=5, height=3)
plot.band(ax, x, x**2, x**2 - 0.2, x**2 + 0.2)
plot.exact(ax, x, x**2, label="exact")
ax.set(xlabel="$x$", ylabel="$y$"); ax.legend()
fig.savefig(tempfile.TemporaryFile())
