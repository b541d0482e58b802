"""A histogram of the usual size: 30 bins, five processes, ten effects on yields and ten on shapes, one of them fitted as in most searches."""

import numpy as np

import lrguide as lr
from benchmarks.harness import interleave, missing, per, row

BINS, PROCESSES, EFFECTS = 30, 5, 10


def model_and_counts(simulated: bool):
    "A Histogram with effects of a few per cent on all processes, from a finite simulation or not, and counts (30,)."
    rng, place = np.random.default_rng(7), np.linspace(0, 1, BINS)
    signal, processes = 30 * np.exp(-0.5 * ((place - 0.6) / 0.1) ** 2) + 1, {}
    for k in range(PROCESSES):
        contents = signal if k == 0 else rng.uniform(50, 300) * np.exp(-rng.uniform(0, 3) * place)
        tilt = 0.02 * rng.standard_normal((EFFECTS, 1)) * np.sin(np.arange(EFFECTS)[:, None] + 3 * place)
        processes[f"process_{k}"] = lr.Contents(contents, 0.1 * contents if simulated else None, norm={f"norm_{i}": 0.05 * rng.random() + 0.01 for i in range(EFFECTS)},
                                                shape={f"shape_{i}": (contents * (1 - one), contents * (1 + one)) for i, one in enumerate(tilt)})
    return lr.Histogram(processes, {"mu": "process_0"}), rng.poisson(sum(one.contents for one in processes.values())).astype(float)


def fitted(quick: bool) -> list[dict]:
    "The fit of strength and twenty effects, without and with the error of the simulation."
    return [row for simulated in (False, True) for row in against_pyhf(simulated)]


def against_pyhf(simulated: bool) -> list[dict]:
    "Ours and pyhf's, by its default optimiser and by Minuit."
    model, counts = model_and_counts(simulated)
    work = f"fit of {BINS} bins, {PROCESSES} processes, {2 * EFFECTS} effects" + (", simulated" if simulated else "")
    ours = lambda: model.fit(counts)
    if note := missing("pyhf"):
        return [row(work, interleave(ours)[0], "pyhf.infer.mle.fit", [], note=note)]
    import pyhf
    workspace = pyhf.Workspace(lr.to_pyhf(model, counts))
    peer = workspace.model(modifier_settings=lr.workspaces.PYHF_SETTINGS)
    data, rows = workspace.data(peer), []
    for name, optimiser in (("SciPy, its default", pyhf.optimize.scipy_optimizer()), ("Minuit", pyhf.optimize.minuit_optimizer())):
        pyhf.set_backend("numpy", optimiser)
        found = {}

        def theirs():
            found["mu"], found["nll"] = (lambda point, nll: (point[peer.config.poi_index], float(nll) / 2))(*pyhf.infer.mle.fit(data, peer, return_fitted_val=True))
        mine, other = interleave(ours, theirs)
        off = abs(float(found["mu"]) - (fit := ours()).values["mu"]) / fit.errors["mu"]
        rows.append(row(work, mine, f"pyhf.infer.mle.fit, {name}", other, quality=f"strength within {off:.1g} of its error (goal 0.01)", quality_met=off < 0.01))
    return rows


def experiments(quick: bool) -> list[dict]:
    "The same fit of many pseudo-experiments."
    model, counts = model_and_counts(False)
    n, n_theirs = (100, 3) if quick else (1_000, 30)
    sets = np.random.default_rng(8).poisson(counts, (n, BINS)).astype(float)
    ours = lambda: model.on(sets).fit_many()
    if note := missing("pyhf"):
        return [row("fits of such histograms", per(interleave(ours)[0], n), "pyhf.infer.mle.fit", [], unit="toy", note=note)]
    import pyhf
    workspace = pyhf.Workspace(lr.to_pyhf(model, counts))
    peer = workspace.model(modifier_settings=lr.workspaces.PYHF_SETTINGS)
    pyhf.set_backend("numpy", pyhf.optimize.scipy_optimizer())
    mine, other = interleave(ours, lambda: [pyhf.infer.mle.fit([*one, *peer.config.auxdata], peer) for one in sets[:n_theirs]])
    return [row("fits of such histograms", per(mine, n), "pyhf.infer.mle.fit, SciPy, its default", per(other, n_theirs), unit="toy")]
