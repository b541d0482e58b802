import lrguide as lr

model = lr.Likelihood({"signal": lr.Process(50, lr.Resonance(None)), "background": lr.Process(1000)},      # its resolution is not known
                      strength={"mu": "signal"}, constraints=[lr.Normal("sigma", 0.08, 0.01)])
x = lr.draw(lr.Resonance(0.08), {"signal": 50, "background": 1000}, rng=1)
print(model.fit(x))
