import lrguide as lr

toy = lr.Resonance(0.04)
model = lr.Likelihood({"signal": lr.Process(50, toy), "background": lr.Process(1000)}, strength={"mu": "signal"})
x = lr.draw(toy, {"signal": 50, "background": 1000}, rng=1)
print(lr.discovery(model, x, source=toy))
print(lr.p_value(model, x, null={"mu": 1}, alternative={"mu": 0}, source=toy))
