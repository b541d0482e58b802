import lrguide as lr

toy, wrong = lr.Resonance(0.08), lr.Resonance(0.09)
signal, background = toy.sample("signal", 20_000, rng=1), toy.sample("background", 20_000, rng=2)
print(lr.diagnose(toy, signal, background))
print(lr.diagnose(wrong, signal, background))
