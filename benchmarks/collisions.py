"""Collisions of electrons and positrons: samples as the package makes them, beside Pythia's own loop, which keeps nothing."""

import numpy as np

from benchmarks.harness import interleave, missing, per, row


def generated(quick: bool) -> list[dict]:
    "Decays of the Z with all their final particles as arrays, against `next` in a loop, with the same seed."
    n, repeat = (1_000, 2) if quick else (10_000, 5)
    if note := missing("pythia8mc", "awkward", "vector"):
        return [row(f"{n:,} decays of the Z", [], "Pythia 8, next in a loop", [], note=note)]
    from lrguide import collider
    seed = collider.generate("Z", 1, rng=1).facts["seeds"][0]

    def loop() -> None:
        made = collider.pythia("Z", seed=seed)
        for _ in range(n):
            made.next()

    ours, theirs = interleave(lambda: collider.generate("Z", n, rng=1), loop, repeat=repeat)
    counted, made = [], collider.pythia("Z", seed=seed)
    for _ in range(200):
        made.next()
        counted.append(sum(particle.isFinal() and particle.isCharged() for particle in made.event))
    same = np.array_equal(counted, collider.multiplicity(collider.generate("Z", n, rng=1))[:200])
    return [row(f"{n:,} decays of the Z", per(ours, n), "Pythia 8, next in a loop, which keeps nothing", per(theirs, n), goal=1 / 1.15, unit="event",
                quality="the same events" if same else "other events", quality_met=same, note="one core; initialisation included in both")]
