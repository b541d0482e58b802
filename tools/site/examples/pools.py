import lrguide as lr
from lrguide.basis import basis_of, space_of
from lrguide.pools import pool_of

toy = lr.Resonance(0.08)
model = lr.Likelihood({"signal": lr.Process(50, toy), "background": lr.Process(1000)}, strength={"mu": "signal"})
rows = toy.sample("background", 5000, rng=1)                # simulated events of which experiments will be drawn
basis = basis_of(space_of(model, {"mu": (0.0, 3.0)}), rows, n=1050, tolerance=1e-5)
pool = pool_of(basis, rows)
print(f"an event is {pool.components.shape[1]} numbers in place of {pool.directions.shape[1]} coefficients, to {pool.error.max():.1e}")
