"""Binned likelihood of a strength mu and a rotation z: 10 bins of the optimal score, 21 templates in z; a scan and a profile.

Signal N((cos z, sin z), 0.7^2), 500 events, background N(-(cos z, sin z), 0.7^2), 50,000 events, z = pi/4 +- 0.5. The optimal score at
z = pi/4 is the projection on that direction, so the contents of its bins are normal probabilities."""

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import ndtr

from benchmarks.harness import interleave, missing, row
from lrguide.arrays import Table
from lrguide.likelihood import BinnedRatio, Likelihood, Normal, Process

SIGNAL, BACKGROUND, WIDTH, CENTRE, ERROR = 500.0, 50_000.0, 0.7, np.pi / 4, 0.5
EDGES = np.concatenate([[-np.inf], np.linspace(-2.4, 2.4, 9), [np.inf]])
BINS = np.arange(10.0)
Z = np.linspace(0, np.pi / 2, 21)
MU = np.linspace(0, 2, 101)
TOLERANCE = 2e-4


def contents(process: str, z) -> np.ndarray:
    "Probabilities (g, 10) of the bins at z (g,)."
    mean = (1 if process == "signal" else -1) * np.cos(np.asarray(z) - CENTRE)
    return np.diff(ndtr((EDGES - mean[:, None]) / WIDTH), axis=1)


def splines(knots: np.ndarray, values: np.ndarray):
    "A function from z (g,) to contents (g, 10): cubic splines through `values` (m, 10) at the `knots` (m,)."
    return CubicSpline(knots, values)


def smooth(values: np.ndarray):
    """pyhf's interpolation code4p of three templates (3, 10), at z = pi/4 - 0.5, pi/4, pi/4 + 0.5.

    A polynomial of degree six between them, straight lines outside, twice differentiable."""
    low, middle, high = values
    up, down = high - middle, middle - low

    def at(z):
        a = ((z - CENTRE) / ERROR)[:, None]
        half = a * ((up + down) / 2 + a * (up - down) / 16 * (15 + a**2 * (3 * a**2 - 10)))
        return middle + np.where(a > 1, a * up, np.where(a < -1, a * down, half))

    return at


def likelihood(templates: dict, low: float, high: float) -> Likelihood:
    "Our likelihood with templates that are functions of z."
    function = lambda at: lambda nu: at(nu[:, 0]) if np.ndim(nu) == 2 else at(nu)[0]
    ratio = lambda name: BinnedRatio(lambda x: x[:, 0].astype(int), function(templates[name]), parameters={"z": (low, high)})
    return Likelihood({"signal": Process(SIGNAL, ratio("signal")), "background": Process(BACKGROUND, ratio("background"))},
                      {"mu": "signal"}, constraints=[Normal("z", CENTRE, ERROR)])


def counts() -> np.ndarray:
    "Observed counts (10,): mu = 1, z = 0.9."
    expected = SIGNAL * contents("signal", [0.9]) + BACKGROUND * contents("background", [0.9])
    return np.random.default_rng(4).poisson(expected[0]).astype(float)


def three() -> dict[str, np.ndarray]:
    "The three templates of each process that pyhf interpolates."
    return {name: contents(name, CENTRE + ERROR * np.array([-1.0, 0.0, 1.0])) for name in ("signal", "background")}


def pyhf_model(batch: int | None = None):
    "The model in pyhf, one channel, shapes that move with z: pyhf interpolates by code4p unless told otherwise."
    import pyhf
    templates = three()
    modifier = lambda values, n: {"name": "z", "type": "histosys", "data": {"lo_data": (n * values[0]).tolist(), "hi_data": (n * values[2]).tolist()}}
    sample = lambda name, n, more: {"name": name, "data": (n * templates[name][1]).tolist(), "modifiers": [modifier(templates[name], n), *more]}
    strength = [{"name": "mu", "type": "normfactor", "data": None}]
    spec = {"channels": [{"name": "score", "samples": [sample("signal", SIGNAL, strength), sample("background", BACKGROUND, [])]}],
            "parameters": [{"name": "mu", "bounds": [[-5, 10]], "inits": [1.0]}, {"name": "z", "bounds": [[-1.57, 1.57]], "inits": [0.1]}]}
    return pyhf.Model(spec, poi_name="mu", batch_size=batch)


def scan(quick: bool) -> list[dict]:
    "101 x 101 values of (mu, z)."
    templates = three()
    z = np.linspace(Z[0], Z[-1], 101)
    points = {"mu": MU[:, None], "z": z[None, :]}
    data, n = Table(BINS, weight=counts()), len(MU) * len(z)
    model = likelihood({name: splines(Z, contents(name, Z)) for name in templates}, Z[0], Z[-1])
    equal = likelihood({name: smooth(values) for name, values in templates.items()}, Z[0], Z[-1])
    ours, work = lambda: model.scan(data, points), "(mu, z) grid of 101 x 101, 10 bins, 21 templates"
    if note := missing("pyhf"):
        (mine,) = interleave(ours)
        return [row(work, mine, "pyhf, batched", [], goal=10, note=note)]
    batched = pyhf_model(n)
    grid = {"mu": np.repeat(MU, len(z)), "z": np.tile((z - CENTRE) / ERROR, len(MU))}
    parameters = np.stack([grid[name] for name in batched.config.par_order], axis=1)
    observed = np.tile(np.concatenate([counts(), batched.config.auxdata]), (n, 1))
    theirs = lambda: -np.asarray(batched.logpdf(parameters, observed)).reshape(len(MU), len(z))
    mine, other = interleave(ours, theirs)
    difference = (found := equal.scan(data, points)) - found.min() - ((there := theirs()) - there.min())
    worst = np.abs(difference).max()
    return [row(work, mine, "pyhf, batched", other, goal=10, quality=f"nll within {worst:.1g} on equal interpolation (goal 2e-4)",
                quality_met=worst < TOLERANCE, note="ours between 21 templates, pyhf between three (code4p)")]


def templates(quick: bool) -> list[dict]:
    "50 x 21 values of (mu, z), z where the templates are: the scan of chapter 31."
    from lrguide.binned import Templates
    own = Templates(Z, SIGNAL * contents("signal", Z), BACKGROUND * contents("background", Z), constraints=[Normal("z", CENTRE, ERROR)])
    ours = lambda: own.scan(counts(), {"mu": np.linspace(0, 2, 50)[:, None], "z": Z})
    (mine,) = interleave(ours)
    return [row("(mu, z) grid of 50 x 21 on the templates themselves, 10 bins", mine, "-", [], limit=0.010)]


def profile(quick: bool) -> list[dict]:
    "z fitted at each of 101 mu. The contents are even in z - pi/4: fits that begin there stand on a ridge."
    data, observed = Table(BINS, weight=counts()), counts()
    model = likelihood({name: splines(Z, contents(name, Z)) for name in ("signal", "background")}, Z[0], Z[-1])
    equal = likelihood({name: smooth(values) for name, values in three().items()}, Z[0], Z[-1])
    return [against_iminuit(model, data, observed), *against_pyhf(equal, data, observed, 11 if quick else 101)]


def against_iminuit(model: Likelihood, data: Table, observed: np.ndarray) -> dict:
    "Ours and one Minuit minimisation for each mu, the NLL by hand, between the same 21 templates."
    from iminuit import Minuit
    shape = {name: splines(Z, contents(name, Z)) for name in ("signal", "background")}

    def nll(mu, z):
        at = np.array([z])
        rate = (mu * SIGNAL * shape["signal"](at) + BACKGROUND * shape["background"](at))[0]
        return rate.sum() - observed @ np.log(rate) + 0.5 * ((z - CENTRE) / ERROR) ** 2

    def theirs(tolerance=0.1):
        lowest, start = [], CENTRE + 0.1
        for mu in MU:
            minuit = Minuit(lambda z: nll(mu, z), start, name=["z"])
            minuit.errordef, minuit.strategy, minuit.tol, minuit.limits["z"] = Minuit.LIKELIHOOD, 0, tolerance, (Z[0], Z[-1])
            lowest.append(minuit.migrad().fval)
            start = minuit.values["z"]
        return np.array(lowest)

    ours = lambda: model.profile(data, "mu", MU)
    mine, other = interleave(ours, theirs)
    return compared("profile in z at 101 mu, 21 templates", mine, other, ours().rise, theirs(1e-4), "iminuit for each mu, NLL by hand", 20)


def against_pyhf(model: Likelihood, data: Table, observed: np.ndarray, n: int) -> list[dict]:
    "Ours and pyhf's fits at fixed mu, by its default optimiser and by Minuit; both sides between three templates by code4p."
    work, peer, mu = f"profile in z at {n} mu, three templates", "pyhf.infer.mle.fixed_poi_fit", np.linspace(MU[0], MU[-1], n)
    ours = lambda: model.profile(data, "mu", mu)
    if note := missing("pyhf"):
        (mine,) = interleave(ours)
        return [row(work, mine, peer, [], goal=300 if n == 101 else None, note=note)]
    import pyhf
    fitted = pyhf_model()
    everything = np.concatenate([observed, fitted.config.auxdata])
    fit = lambda value: float(pyhf.infer.mle.fixed_poi_fit(value, everything, fitted, return_fitted_val=True)[1]) / 2
    theirs, rows = lambda: [fit(value) for value in mu], []
    for name, optimiser, goal in (("SciPy, its default", pyhf.optimize.scipy_optimizer(), 300 if n == 101 else None), ("Minuit", pyhf.optimize.minuit_optimizer(), None)):
        pyhf.set_backend("numpy", optimiser)
        mine, other = interleave(ours, theirs, warm=n < 101)
        rows.append(compared(work, mine, other, ours().rise, np.array(theirs()), f"{peer}, {name}", goal, "interpolated by code4p on both sides"))
    return rows


def compared(work: str, mine, other, ours: np.ndarray, theirs: np.ndarray, peer: str, goal: float | None, note: str = "") -> dict:
    "The row, with the largest difference of nll differences."
    worst = np.abs((ours - ours.min()) - (theirs - theirs.min())).max()
    return row(work, mine, peer, other, goal=goal, quality=f"nll within {worst:.1g} (goal 2e-4)", quality_met=worst < TOLERANCE, note=note)
