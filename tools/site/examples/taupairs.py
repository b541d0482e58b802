import numpy as np
from lrguide.taupairs import leptonic_decay, tau_resolution

helicity = np.repeat([-1, 1], 20_000)
energy, cosine = leptonic_decay(helicity, rng=np.random.default_rng(1))
print([f"{cosine[helicity == h].mean():+.3f}" for h in (-1, 1)], "mean cosine of the lepton to the flight of its tau, by helicity")
print(f"resolution of a tau of 40 GeV: {tau_resolution(40.0):.1%}")
