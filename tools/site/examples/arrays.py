import numpy as np
import lrguide as lr
from lrguide.arrays import effective_size, split

events = lr.Table(np.random.default_rng(1).normal(size=(1000, 2)), weight=np.linspace(0.5, 1.5, 1000), names=("mass", "angle"))
training, test = split(events, 0.25, rng=1)
print(len(training), len(test), f"{effective_size(events.weight):.0f} effective events of {len(events)}")

plane = lr.Ranges({"sigma": (0.02, 0.16), "scale": (0.9, 1.1)})
print(plane.grid(3)[:4])                                    # combinations of three values of each
