import numpy as np
from lrguide.weak_supervision import fractions_of, mixed_log_ratio, pure_log_ratio

pure = np.array([-2.0, 0.5, 3.0])
mixed = mixed_log_ratio(pure, 0.8, 0.3)                     # of a sample with 80 % signal to one with 30 %
print(mixed.round(4), "and back again", pure_log_ratio(mixed, 0.8, 0.3))
first, second = fractions_of((1 - 0.8) / (1 - 0.3), 0.8 / 0.3)
print(f"the ends of the mixed ratio tell both fractions: {first:.2f} and {second:.2f}")
