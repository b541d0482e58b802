import numpy as np
import lrguide as lr

toy = lr.Resonance(0.08)
signal, background = toy.sample("signal", 20_000, rng=1), toy.sample("background", 20_000, rng=2)
print(lr.compare(signal, lr.reweighted(toy, background)))
print(lr.compare(signal, lr.reweighted(lr.Resonance(0.1), background)))
