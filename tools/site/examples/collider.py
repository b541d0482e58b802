from lrguide.collider import generate, multiplicity, thrust

events = generate("Z", 200, rng=1)                          # electron and positron at the Z resonance, Pythia 8
print(f"{multiplicity(events).mean():.1f} charged particles, thrust {thrust(events).mean():.2f} on average")
