import numpy as np
from lrguide import Contents, Histogram
from lrguide.descent import minima_from

bins = Histogram({"signal": Contents([9.0, 2.0]), "background": Contents([20.0, 300.0], norm={"scale": (0.8, 1.5)})}, {"mu": "signal"})
found = minima_from(bins.on([0, 230]), ["mu", "scale"], {"mu": 1.0, "scale": 0.0}, {})
print("at the wall where the first bin expects nothing:", *found.point[0].round(3), "converged" if found.converged[0] else "lost")
