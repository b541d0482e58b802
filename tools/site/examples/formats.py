import numpy as np
from lrguide.formats import Held

held = Held({"mass": np.linspace(80, 100, 5), "n_jets": np.array([2, 3, 2, 4, 2])})     # columns in memory are read as files are
print(held.count(), held.kinds())
for batch in held.batches(["mass"], size=3):
    print(batch["mass"])
