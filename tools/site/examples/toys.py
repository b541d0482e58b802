import lrguide as lr
from lrguide.asymptotics import parameter_toys

toy = lr.Resonance(0.08)
model = lr.Likelihood({"signal": lr.Process(50, toy), "background": lr.Process(1000)}, strength={"mu": "signal"})
tested = parameter_toys(model, {"mu": 1.0}, 500, rng=1, source=toy)            # thrown, fitted, tested at the truth
print(f"best mu of {len(tested.best)} experiments: {tested.best.mean():.3f} on average, scattering by {tested.best.std():.3f}")
