import numpy as np
from lrguide.awareness import Auxiliary, information

rate = np.array([20.0, 30.0])                               # two bins, in which 10 and 5 events are signal
print(information(rate, np.array([[10.0, 5.0]])), 10**2 / 20 + 5**2 / 30)

control = Auxiliary(n_events=10_000, width=0.5)             # a control sample whose mean is the nuisance parameter z
print(f"error of z: {1 / np.sqrt(control.information(0.8)):.4f} in bins, {0.5 / np.sqrt(10_000):.4f} from every event")
