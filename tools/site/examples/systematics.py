import lrguide as lr

x = lr.draw(lr.Resonance(0.08), {"signal": 50, "background": 1000}, rng=1)
model = lr.Likelihood({"signal": lr.Process(50, lr.Resonance(None)), "background": lr.Process(1000, norm={"rate": (0.95, 1.05)})},
                      strength={"mu": "signal"}, constraints=[lr.Normal("sigma", 0.08, 0.01), lr.Normal("rate", 0, 1)])
print(lr.impacts(model, x))
