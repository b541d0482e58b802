import lrguide as lr
from lrguide.asymptotics import coverage, parameter_toys

# pseudo-experiments by the thousand: the rows of the simulation become polynomials, of which experiments are sums
toy = lr.Resonance(0.08)
model = lr.Likelihood({"signal": lr.Process(50, toy), "background": lr.Process(1000)}, strength={"mu": "signal"})
rows = {name: toy.sample(name, 2000, rng) for name, rng in (("signal", 1), ("background", 2))}
tested = parameter_toys(model, {"mu": 1.0}, 2000, rng=1, source=rows)
covered = coverage(tested)
print(f"{covered.value:.3f} +- {covered.error:.3f} of {covered.n_toys} intervals hold the truth, 0.683 are promised")
