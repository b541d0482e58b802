import lrguide as lr
from lrguide.experiments import asimov

toy = lr.Resonance(0.08)
model = lr.Likelihood({"signal": lr.Process(50, toy), "background": lr.Process(1000)}, strength={"mu": "signal"})
expected = asimov(model, {"mu": 1.0}, source=toy)           # every place as often as expected: a weighted Table
print(f"{expected.total:.2f} events; the fit finds mu = {model.fit(expected).values['mu']:.6f}")
