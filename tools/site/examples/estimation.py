import numpy as np
from lrguide.estimation import estimate, response

rng = np.random.default_rng(1)
theta = np.repeat(np.linspace(-1, 1, 5), 4000)[:, None]      # simulated at five values, 4000 events each
values = rng.normal(theta + 0.2 * theta**2, 1.0)            # a summary of each event, whose mean depends on theta
learned = response(values, theta, {"theta": (-1.0, 1.0)})
data = rng.normal(0.5 + 0.2 * 0.5**2, 1.0, (2000, 1))
fit = estimate(learned, data)
print(f"theta = {fit.values['theta']:.3f} +- {fit.errors['theta']:.3f}, made with 0.5")
