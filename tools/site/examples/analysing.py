import numpy as np
from lrguide.analysing import select_of

kept = select_of({"pt": (20.0, 50.0)}, ["pt", "eta"])
print(kept(np.array([[25.0, 0.1], [60.0, -1.2], [20.0, 2.0]])))
