import lrguide as lr
from lrguide.asymptotics import parameter_toys
from lrguide.toys import drawn_events

toy = lr.Resonance(0.08)
print(drawn_events(toy, "signal", 3, lr.arrays.generator(1), {}).round(3).T)

model = lr.Likelihood({"signal": lr.Process(50, toy), "background": lr.Process(1000)}, strength={"mu": "signal"})
tested = parameter_toys(model, {"mu": 1.0}, 500, rng=1, source=toy)            # thrown, fitted, tested at the truth
print(f"best mu of {len(tested.best)} experiments: {tested.best.mean():.3f} on average, scattering by {tested.best.std():.3f}")
