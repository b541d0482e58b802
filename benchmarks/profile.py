"""Unbinned fit of (mu, sigma) to 10,000 events with a learned ratio, and a profile of mu in 41 points: speed and bias."""

import numpy as np

from benchmarks.harness import interleave, row
from lrguide.arrays import Table, spawn
from lrguide.backend import keras
from lrguide.likelihood import Likelihood, Process
from lrguide.models import Resonance
from lrguide.nets import Training, layers
from lrguide.losses import mean_ratio
from lrguide.ratio import Ratio

SIGNAL, BACKGROUND, SIGMA, RANGE = 1000.0, 9000.0, 0.06, (0.04, 0.09)   # the range: five standard deviations of sigma to each side
toy, MU, MEMBERS = Resonance(None), np.linspace(0.6, 1.4, 41), 3


def trained(seed: int, n_events: int) -> Ratio:
    """A ratio learned from `n_events` of signal, sigma uniform in its range, and twice as many of background.

    The background does not move with sigma: the mean of r over all that is held out is known at every sigma, with errors that
    hardly change along sigma."""
    streams = spawn(seed, 3)
    sigma = streams[0].uniform(*RANGE, (n_events, 1))
    signal = toy.sample("signal", n_events, streams[1], nu=sigma)
    background = Table(streams[2].uniform(-0.5, 0.5, 2 * n_events))
    return Ratio({"sigma": RANGE}, members=MEMBERS, hidden=(32, 32, 32), training=Training(epochs=6, batch=1000),
                 shares=(0.6, 0.4, 0.0), normalise="denominator", rng=seed).fit(signal, background)


def likelihood(ratio) -> Likelihood:
    "Signal with the ratio to the background, which is the reference."
    return Likelihood({"signal": Process(SIGNAL, ratio), "background": Process(BACKGROUND)}, {"mu": "signal"}, ranges={"sigma": RANGE})


def experiment(rng: np.random.Generator) -> np.ndarray:
    "Events (n, 1) of one experiment at mu = 1, sigma = 0.06."
    signal = toy.sample("signal", rng.poisson(SIGNAL), rng, nu=[SIGMA]).x
    return np.concatenate([signal, rng.uniform(-0.5, 0.5, (rng.poisson(BACKGROUND), 1))])


class InTheLoop:
    "What one would write with Minuit and the trained networks as a keras.Model: the same ratio, called for every value of sigma."

    def __init__(self, ratio: Ratio, x: np.ndarray, batch_size: int | None):
        network, entrance = ratio.fitted.scores.network, keras.Input((2,))
        pairs = [tuple(map(np.asarray, pair)) for pair in layers(network.architecture.sizes, network.weights)]
        towers = []
        for member in range(network.members):
            h = entrance
            for kernel, bias in pairs:
                layer = keras.layers.Dense(kernel.shape[2], activation=None if kernel is pairs[-1][0] else ratio.recipe.activation)
                h = layer(h)
                layer.set_weights([kernel[member], bias[member, 0]])
            towers.append(h)
        self.model, self.ratio, self.x, self.calls = keras.Model(entrance, keras.layers.Concatenate()(towers)), ratio, x, 0
        self.batch_size = batch_size

    def nll(self, mu: float, sigma: float) -> float:
        "Minus log likelihood, one predict."
        self.calls += 1
        nu = np.full((len(self.x), 1), sigma)
        scores = self.model.predict(self.ratio.fitted.scores.seen(self.x, nu), batch_size=self.batch_size, verbose=0).T.astype(float)
        log_ratio = mean_ratio(scores - self.ratio.fitted.normalisation.shift(nu[:1], 1), self.ratio.recipe.normalise)
        return mu * SIGNAL - np.log(mu * SIGNAL * np.exp(log_ratio) + BACKGROUND).sum()

    def profile(self, grid: np.ndarray) -> np.ndarray:
        "Rise of the profile (g,) above the minimum: a fit of both, then one of sigma for each mu, from where its neighbour ended."
        from iminuit import Minuit
        minuit = Minuit(self.nll, 1.0, np.mean(RANGE), name=("mu", "sigma"))
        minuit.errordef, minuit.strategy = Minuit.LIKELIHOOD, 0
        minuit.limits["sigma"], minuit.limits["mu"] = RANGE, (0, 10)
        best = minuit.migrad().fval
        sigma, lowest = minuit.values["sigma"], []
        for mu in grid:
            one = Minuit(lambda sigma: self.nll(mu, sigma), sigma, name=["sigma"])
            one.errordef, one.strategy, one.limits["sigma"], one.errors["sigma"] = Minuit.LIKELIHOOD, 0, RANGE, 0.002
            lowest.append(one.migrad().fval)
            sigma = one.values["sigma"]
        return np.array(lowest) - best


def speed(quick: bool) -> list[dict]:
    "The fit and the profile, from the events on: networks, interpolation and all."
    grid = MU[::10] if quick else MU
    ratio, x = trained(1, 50_000 if quick else 1_000_000), experiment(np.random.default_rng(2))
    model, rows = likelihood(ratio), []
    for words, batch_size, runs in (("as it comes (batches of 32)", None, 1), ("all events in one batch", len(x), 1 if quick else 3)):
        if quick and batch_size is None:                  # minutes
            continue
        peer, found = InTheLoop(ratio, x, batch_size), {}

        def ours():
            ratio._prepared = None, None                  # nothing is kept from the repetition before
            model.fit(x)
            found["ours"] = model.profile(x, "mu", grid).rise

        def theirs():
            found["theirs"] = peer.profile(grid)

        ours(), peer.nll(1.0, SIGMA)                      # compiles our forward pass and builds their predict
        peer.calls = 0
        mine, other = interleave(ours, theirs, repeat=runs, warm=False)
        mine += interleave(ours, repeat=5 - runs, warm=False)[0]
        calls, worst = peer.calls / len(other), np.abs(found["ours"] - found["theirs"]).max()
        rows.append(row(f"unbinned fit of (mu, sigma) and profile in {len(grid)} mu, {len(x):,} events, {MEMBERS} networks", mine,
                        f"iminuit calling model.predict, {words}", other, goal=None if quick else 300,
                        quality=f"profiles within {worst:.1g} (goal 0.05: single precision, Minuit's tolerance)", quality_met=worst < 0.05,
                        note=f"{calls:.0f} calls of predict, {1e3 * np.median(other) / calls:.0f} ms each; full runs of the peer: {len(other)}"
                             + "; quick: 5 of 41 mu" * quick))
    return rows


def bias(quick: bool) -> list[dict]:
    "Fits of many experiments with ratios of several trainings and with the exact one, on the same events."
    n_experiments, n_trainings, n_events = (20, 1, 50_000) if quick else (200, 5, 2_000_000)
    experiments = [experiment(rng) for rng in spawn(3, n_experiments)]
    exact = fitted(toy, experiments)
    spread = {name: values.std(ddof=1) for name, values in exact.items()}
    shifts = {name: [] for name in exact}
    for seed in range(n_trainings):
        learned = fitted(trained(10 + seed, n_events), experiments)
        for name in exact:
            shifts[name].append(np.mean(learned[name] - exact[name]) / spread[name])
    typical = {name: np.median(np.abs(one)) for name, one in shifts.items()}
    each = "; ".join(f"{name}: {typical[name]:.2f} of its statistical error ({', '.join(f'{one:+.2f}' for one in shifts[name])})" for name in shifts)
    return [row(f"bias of (mu, sigma) over {n_experiments} experiments, median of {n_trainings} trainings", [], "the exact likelihood", [],
                quality=f"{each} (goal 0.2)", quality_met=quick or max(typical.values()) < 0.2,
                note=f"{MEMBERS} networks, {n_events:,} events of signal and twice as many of background" + "; quick: the goal does not apply" * quick)]


def fitted(ratio, experiments: list[np.ndarray], at_once: int = 20) -> dict[str, np.ndarray]:
    "Fitted values by name of all experiments, some at a time: the interpolated ratios of all would take gigabytes."
    model = likelihood(ratio)
    fits = [model.fit_many(experiments[start:start + at_once]) for start in range(0, len(experiments), at_once)]
    if not all(fit.converged.all() for fit in fits):
        raise RuntimeError("bias: a fit did not converge")
    return {name: np.concatenate([fit.values[name] for fit in fits]) for name in ("mu", "sigma")}
