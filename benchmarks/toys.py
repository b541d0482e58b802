"""Pseudo-experiments of a test statistic, in experiments per second: ours, zfit, hepstats, pyhf."""

import numpy as np
from scipy import stats

from benchmarks.harness import interleave, missing, per, row
from benchmarks.problem import ALTERNATIVE, BACKGROUND, NULL, SIGMA, SIGNAL, binned as binned_problem, contents, nodes, search
from lrguide.experiments import pseudo_experiments
from lrguide.hypotest import log_likelihood_ratio


def agreement(toys: np.ndarray, statistic, tables, yields, theirs: np.ndarray | None) -> tuple[str, bool]:
    """Mean and variance of our toys against the exact ones in standard errors, and whether the peer's toys look like ours.

    The cumulants of a compound Poisson sum are sums of rate * t^k."""
    each = [(yields[name] * table.weights / table.total, statistic.contribution(table.x)) for name, table in tables.items()]
    first, second, fourth = (sum(rate @ t**k for rate, t in each) for k in (1, 2, 4))
    pulls = ((toys.mean() - statistic.constant - first) / np.sqrt(second / len(toys)),
             (toys.var() - second) / np.sqrt((fourth + 2 * second**2) / len(toys)))
    text, good = f"mean and variance off by {pulls[0]:.1f} and {pulls[1]:.1f} standard errors", np.abs(pulls).max() < 4
    if theirs is not None:
        p = stats.ks_2samp(toys[:100_000], theirs).pvalue
        text, good = f"{text}; the peer's toys like ours: p = {p:.2g}", good and p > 1e-4
    return text, good


def unbinned(quick: bool) -> list[dict]:
    "The unbinned log L(B)/L(S+B) under signal plus background."
    n, repeat = (100_000, 3) if quick else (1_000_000, 5)
    statistic, tables, yields = log_likelihood_ratio(search, NULL, ALTERNATIVE), nodes(), search.yields(NULL)
    ours = lambda: pseudo_experiments(statistic, tables, yields, n, rng=1)
    rows = []
    for name, make, n_theirs in (("zfit", zfit_toys, 20 if quick else 100), ("hepstats", hepstats_toys, 2 if quick else 10)):
        note, theirs, found = missing("zfit", name), [], None
        if note:
            (mine,) = interleave(ours, repeat=repeat)
        else:
            peer, found, note = make(n_theirs)
            mine, theirs = interleave(ours, peer, repeat=repeat)
        quality, met = agreement(ours(), statistic, tables, yields, np.array(found) if found else None)
        rows.append(row("unbinned pseudo-experiments", per(mine, n), name, per(theirs, n_theirs), limit=1 / 500_000, unit="toy",
                        quality=quality, quality_met=met, note=note))
    return rows


def zfit_model(floating: bool):
    "zfit's extended sum of a peak and a flat background; strengths of the signal and, if `floating`, of the background."
    import zfit
    space = zfit.Space("y", limits=(-0.5, 0.5))  # sigma = 0.08: what wraps round the circle is below 1e-9
    n_signal, n_background = zfit.Parameter("n_signal", SIGNAL, -500, 2000), zfit.Parameter("n_background", BACKGROUND, 0, 5000)
    n_background.floating = floating
    peak = zfit.pdf.Gauss(mu=0.0, sigma=SIGMA, obs=space, extended=n_signal)
    flat = zfit.pdf.Uniform(-0.5, 0.5, obs=space, extended=n_background)
    return zfit.pdf.SumPDF([peak, flat]), n_signal, n_background


def zfit_toys(n: int):
    "A function that makes `n` pseudo-experiments with one sampler and two likelihoods, the list of all T so far, a note."
    import zfit
    model, n_signal, _ = zfit_model(floating=False)
    sampler = model.create_sampler()
    nll, found = zfit.loss.ExtendedUnbinnedNLL(model=model, data=sampler), []

    def run():
        for _ in range(n):
            n_signal.set_value(SIGNAL)
            sampler.resample()
            null = float(nll.value(full=False))
            n_signal.set_value(0.0)
            found.append(null - float(nll.value(full=False)))
        n_signal.set_value(SIGNAL)

    return run, found, "create_sampler, resample, two likelihoods for each toy"


def hepstats_toys(n: int):
    "A function that makes `n` toys of one hypothesis with hepstats, None, a note."
    import zfit
    from hepstats.hypotests.calculators import FrequentistCalculator
    from hepstats.hypotests.parameters import POI
    model, n_signal, _ = zfit_model(floating=True)
    data = model.create_sampler()
    data.resample()
    nll, minimizer = zfit.loss.ExtendedUnbinnedNLL(model=model, data=data), zfit.minimize.Minuit()

    def run():
        calculator = FrequentistCalculator(nll, minimizer, ntoysnull=n, ntoysalt=n)
        calculator.get_toys_null(POI(n_signal, SIGNAL), POI(n_signal, 0.0))

    return run, None, "FrequentistCalculator fits: it needs a floating parameter, here the background"


def binned(quick: bool) -> list[dict]:
    "Twenty bins of r and one above: events drawn one by one, against pyhf's sampling of the counts."
    n, n_theirs = (100_000, 2_000) if quick else (1_000_000, 20_000)
    statistic, tables = binned_problem()
    yields, work = search.yields(NULL), "binned pseudo-experiments, 20 bins and overflow"
    ours = lambda: pseudo_experiments(statistic, tables, yields, n, rng=1)
    if note := missing("pyhf"):
        (mine,) = interleave(ours)
        quality, met = agreement(ours(), statistic, tables, yields, None)
        return [row(work, per(mine, n), "pyhf", [], goal=50, unit="toy", quality=quality, quality_met=met, note=note)]
    null, alternative = pyhf_densities()
    one, batch = [], []

    def toy_by_toy():
        one[:] = [float(alternative.log_prob(counts) - null.log_prob(counts)) for counts in null.sample((n_theirs,))]

    def all_at_once():
        counts = null.sample((10 * n_theirs,))
        batch[:] = alternative.log_prob(counts) - null.log_prob(counts)

    mine, slow, fast = interleave(ours, toy_by_toy, all_at_once)
    rows = []
    for theirs, count, found, goal, note in ((slow, n_theirs, one, 50, "make_pdf(...).sample, both log probabilities toy by toy"),
                                             (fast, 10 * n_theirs, batch, None, "the same on the whole batch of counts at once")):
        quality, met = agreement(ours(), statistic, tables, yields, np.array(found))
        rows.append(row(work, per(mine, n), "pyhf", per(theirs, count), goal=goal, unit="toy", quality=quality, quality_met=met, note=note))
    return rows


def pyhf_densities():
    "pyhf's probability of the counts under signal plus background and under background."
    import pyhf
    expected = contents()
    sample = lambda name, modifiers: {"name": name, "data": expected[name].tolist(), "modifiers": modifiers}
    strength = [{"name": "mu", "type": "normfactor", "data": None}]
    spec = {"channels": [{"name": "r", "samples": [sample("signal", strength), sample("background", [])]}]}
    model = pyhf.Model(spec, poi_name="mu")
    return tuple(model.make_pdf(pyhf.tensorlib.astensor([mu])) for mu in (1.0, 0.0))


class Asked:
    "A log ratio with systematic effects that is asked about the events of every experiment: it does not prepare them."

    def __init__(self, morphed):
        self.parameters, self.effects, self.log_ratio, self.log_ratio_grid = morphed.parameters, morphed.effects, morphed.log_ratio, morphed.log_ratio_grid


def shifted(quick: bool) -> list[dict]:
    "Fits of experiments with samples one standard deviation down and up: networks asked once for all simulated events, or for those of every experiment."
    from lrguide import Likelihood, Process, Ratio, Table, Training
    from lrguide.asymptotics import parameter_toys
    from lrguide.systematics import Morphed
    rng = np.random.default_rng(1)
    sample = lambda mean: Table(rng.normal([mean, 0.0], 1.0, (5_000, 2)))
    background, signal = sample(0.0), sample(1.0)
    nominal, down, up = (Ratio(members=3, hidden=(32, 32), training=Training(epochs=2), rng=2).fit(one, background) for one in (signal, sample(0.9), sample(1.1)))
    morphed, truth = Morphed(nominal, {"scale": (down, up)}), {"mu": 1.0, "scale": 0.0}
    model, peer = (Likelihood({"signal": Process(60, ratio, signal), "background": Process(300, None, background)}, {"mu": "signal"}) for ratio in (morphed, Asked(morphed)))
    n, n_theirs = (200, 4) if quick else (400, 10)
    ours, theirs = (lambda: parameter_toys(model, truth, n, 3)), (lambda: parameter_toys(peer, truth, n_theirs, 3))
    mine, slow = interleave(ours, theirs, repeat=3)
    off = np.abs(parameter_toys(model, truth, n_theirs, 3).t - theirs().t).max()
    return [row("fitted pseudo-experiments, shifted samples", per(mine, n), "networks asked for each", per(slow, n_theirs), goal=10, unit="toy",
                quality=f"t of the same experiments within {off:.1g}", quality_met=off < 1e-4)]
