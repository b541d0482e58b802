import numpy as np
from lrguide.backend import to_device, to_numpy

print(to_numpy(to_device(np.array([0.1, 0.2]))).dtype, "is what networks compute in")
