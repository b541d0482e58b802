"""Malformed calls of the rooms that decide: models, fits, tests, intervals, limits, searches and what is around them. As in test_malformed."""

import numpy as np

import lrguide as lr
from lrguide import (arrays, asymptotics, awareness, binned, distributions, experiments, hypotest, interpolation, intervals, likelihood, mixture, models, plot, search, sums, systematics, uncertainty, unfolding)
from malformed import CHOICES, COLUMNS, COUNTS, EVENTS, FUNCTIONS, GIVING, INF, MASKED, NAN, NOTHING, NUMBERS, OTHER_FUNCTIONS, PATHS, SEEDS, SPACES, SWITCHES, TABLES, TEXTS, cases, checks_of


def but(kinds, *names):
    "`kinds` without some that mean something here."
    return {name: value for name, value in kinds.items() if name not in names}


# What no such argument can be, by kind; what is never too long to wait for.
POSITIVE = {**NUMBERS, "zero": 0.0, "negative": -1.0}
NOT_NEGATIVE = {**NUMBERS, "negative": -1.0}
OPEN = {**NUMBERS, "zero": 0.0, "one": 1.0, "negative": -0.1, "two": 2.0}                        # a level, a fraction: in (0, 1)
MANY = {**COUNTS, "too many": 10**10}
VALUES = {"number": 1.0, "text": "a", "list": [1.0], "object": NOTHING, "unknown": {"mu": 1.0, "other": 0.0}, "text as value": {"mu": "a"}, "nan": {"mu": NAN}, "inf": {"mu": INF}, "None as value": {"mu": None},
          "complex": {"mu": 1j}, "object as value": {"mu": NOTHING}, "huge": {"mu": 10**400}, "true": {"mu": True}, "list as value": {"mu": [1.0, 2.0]}, "empty list": {"mu": []}, "masked": {"mu": MASKED}}
ALL_VALUES = {**VALUES, "None": None, "empty": {}}
NUMBERS_OR_ARRAYS = {"None": None, "nan": NAN, "text": "a", "complex": 1j, "object": NOTHING, "masked": MASKED, "huge": 10**400, "ragged": [[1.0], [1.0, 2.0]], "nan inside": [0.5, NAN], "dates": np.array(["2026-01-01"], "M8[D]"),
                     "mapping": {"a": 1.0}}
STATISTICS = but(NUMBERS_OR_ARRAYS, "nan", "nan inside")                                         # NaN where a fit failed stays NaN
DATA = {**but(EVENTS, "four axes"), "negative weights": lr.Table(np.ones(3), weight=-np.ones(3)), "two columns": np.ones((3, 2))}
SETS = {**but(EVENTS, "mapping", "ragged"), "one set": np.ones(3), "numbers": [0.1, 0.2], "two columns": [np.ones((3, 2))], "different": [np.ones((3, 1)), np.ones((3, 2))], "texts inside": [np.array(["a"])], "negative": [lr.Table(np.ones(2), weight=-np.ones(2))],
        "None inside": [None], "empty": []}
MODELS = {"None": None, "text": "a", "number": 1.0, "object": NOTHING, "list": [], "empty": {}, "a ratio": lr.FromFunction(lambda x: x[:, 0])}
MULTIPLICITIES = {"text": "a", "number": 1.0, "one axis": np.ones(3), "short": np.ones((2, 1)), "nan": np.full((2, 3), NAN), "complex": np.full((2, 3), 1j), "object": NOTHING, "negative": -np.ones((2, 3)), "texts": [["a", "b", "c"]], "none": np.zeros((0, 3))}
GRIDS = {"None": None, "text": "a", "number": 1.0, "short": [0.0, 1.0], "falling": [3.0, 2.0, 1.0, 0.0], "nan": [0.0, 1.0, NAN, 2.0], "inf": [0.0, 1.0, 2.0, INF], "two axes": np.ones((2, 4)), "complex": [0.0, 1.0, 2.0, 3j], "object": NOTHING,
         "equal": [1.0, 1.0, 1.0, 1.0], "texts": ["a", "b", "c", "d"], "masked": np.ma.masked_array([0.0, 1.0, 2.0, 3.0], [0, 1, 0, 0]), "empty": []}
BINS = {"None": None, "text": "a", "number": 1.0, "nan": [NAN, 1.0], "negative": [-1.0, 1.0], "inf": [INF, 1.0], "texts": ["a", "b"], "complex": [1j, 1.0], "object": NOTHING, "masked": np.ma.masked_array([1.0, 2.0], [0, 1]), "three axes": np.ones((1, 2, 2)),
        "long": [1.0, 2.0, 3.0], "ragged": [[1.0], [1.0, 2.0]], "empty": []}
NORMS = {"number": 1.0, "text": "a", "list": [1.0], "object": NOTHING, "one": {"a": 1.0}, "three": {"a": (0.9, 1.0, 1.1)}, "texts": {"a": ("a", "b")}, "zero": {"a": (0.0, 1.0)}, "negative": {"a": (-1.0, 1.0)}, "nan": {"a": (NAN, 1.0)}, "inf": {"a": (0.9, INF)},
         "None inside": {"a": (None, 1.0)}, "number as name": {1: (0.9, 1.1)}, "complex": {"a": (0.9, 1j)}}
NAMES = {"None": None, "number": 1.0, "unknown": "other", "empty": "", "object": NOTHING, "list": [], "several": ["mu", "sigma"]}
NAMES_OF_NEW = {"None": None, "number": 1.0, "empty": "", "object": NOTHING, "list": [], "numbers": (1, 2)}
N_SIGMA = {"far": (9.0,), "None": None, "number": 1.0, "text": "a", "nan": (NAN,), "inf": (INF,), "texts": ("a",), "complex": (1j,), "object": NOTHING, "huge": (10**400,)}
MAPS = {"None": None, "text": "a", "number": 1.0}
SOURCES = {"text": "a", "number": 1.0, "empty": {}, "object": NOTHING, "array": np.ones(3), "one of two": {"signal": lr.Table(np.ones(3))}, "texts": {"signal": "a", "background": "b"},
           "empty table": {"signal": lr.Table(np.zeros((0, 1))), "background": lr.Table(np.ones(3))}}

toy, family = models.Resonance(0.08), models.Resonance(None)
X = toy.sample("background", 20, 1).x
SMALL = np.array([-0.3, 0.0, 0.1])
SEARCH = lr.Likelihood({"signal": lr.Process(5, toy, source=toy), "background": lr.Process(20, source=toy)}, {"mu": "signal"})
FLOATING = lr.Likelihood({"signal": lr.Process(5, family, source=family), "background": lr.Process(20, source=family)}, {"mu": "signal"}, [lr.Normal("sigma", 0.08, 0.01)])
BINS_OF_TWO = [lr.KnownSource(lr.Table([0.0, 1.0], weight=weight)) for weight in ([3.0, 1.0], [5.0, 5.0])]
COUNTING = lr.Likelihood({"signal": lr.Process(4.0, lr.BinnedRatio(lambda x: x[:, 0].astype(int), [3.0, 1.0], [5.0, 5.0]), BINS_OF_TWO[0]), "background": lr.Process(10.0, source=BINS_OF_TWO[1])}, {"mu": "signal"})
SEEN = np.array([0.0] * 6 + [1.0] * 4)
HISTOGRAM = lr.Histogram({"signal": lr.Contents([3.0, 1.0]), "background": lr.Contents([5.0, 5.0], norm={"rate": (0.9, 1.1)})}, {"mu": "signal"})
TEMPLATES = binned.Templates([0.0, 1.0], [[3.0, 1.0], [1.0, 3.0]], [[5.0, 5.0], [6.0, 4.0]])
BOTH = SEARCH + HISTOGRAM
PREPARED, PREPARED_FLOATING = SEARCH.on(X), FLOATING.on(X)
PROFILE = FLOATING.profile(np.append(X, toy.sample("signal", 5, 2).x), "mu", np.linspace(-4, 8, 13))
NULL, ALTERNATIVE = {"mu": 0.0}, {"mu": 1.0}
BEYOND = {"1e300": {"mu": 1e300}}                                                                 # expects more than 1e15 events
IMPACTS = lr.impacts(HISTOGRAM, [7.0, 6.0])
STATISTIC = hypotest.log_likelihood_ratio(SEARCH, NULL, ALTERNATIVE)
LATTICE = sums.compound_poisson([1.0, -1.0], [[2.0, 3.0]])[0]
NODES = lr.Table(np.column_stack([np.ones(5), np.linspace(-1, 1, 5)]), weight=np.full(5, 0.2))
MASSES = (np.exp(-np.linspace(-1, 1, 12)[None] ** 2) * np.array([[1.0], [1.5]]), np.column_stack([np.ones(12), np.linspace(-1, 1, 12)]))
LEARNED = lr.Ratio(members=2, bootstrap=True, hidden=(2,), training=lr.Training(epochs=1), rng=1).fit(lr.Table(np.linspace(0, 1, 600)), lr.Table(np.linspace(-1, 1, 600)))
CONDITIONAL = lr.FromFunction(lambda x, nu: nu[:, 0] * x[:, 0], {"s": (0.0, 1.0)})
SMALL_SUMS = lr.compacted(SEARCH, X, {"mu": (0.0, 5.0)})
LEARNED_SEARCH = lr.Likelihood({"signal": lr.Process(5, LEARNED), "background": lr.Process(20)}, {"mu": "signal"})
TESTED = dict(model=SEARCH, data=X, null=NULL, alternative=ALTERNATIVE)
OF_TEST = dict(model=MODELS, data=DATA, null=ALL_VALUES, alternative=ALL_VALUES, method=CHOICES, source=SOURCES)
OF_TOYS = dict(n_toys=MANY, rng=SEEDS, level=but(OPEN, "None"), map=MAPS)
CONSTRUCTION = intervals.neyman_construction(COUNTING, [0.0, 2.0, 4.0, 8.0], 100, 1)

# function, arguments that work, what is put in the place of each
CALLS = {
    # likelihood
    "check_norm": (likelihood.check_norm, dict(norm={"a": (0.9, 1.1)}), dict(norm=NORMS)),
    "Process": (lr.Process, dict(expected=5, ratio=toy, norm={"a": (0.9, 1.1)}), dict(expected={**NOT_NEGATIVE, "1e18": 1e18}, ratio=but(FUNCTIONS, "None"), norm=NORMS, source=but(SOURCES, "empty", "one of two", "empty table", "texts"))),
    "an expected yield": (lambda expected: lr.Likelihood({"s": lr.Process(expected)}, {"mu": "s"}).yields({"mu": 1.0}), dict(expected=lambda values: 5.0), dict(expected={**OTHER_FUNCTIONS, **GIVING, "nan": lambda values: NAN, "negative": lambda values: -1.0, "1e300": lambda values: 1e300})),
    "a measurement of any form": (lambda of: lr.Likelihood({"s": lr.Process(5, toy), "b": lr.Process(20, norm={"z": (0.9, 1.1)})}, {"mu": "s"}, [systematics.Measured("z", of)]).fit(X), dict(of=np.square), dict(of={**OTHER_FUNCTIONS, **GIVING, "one for all": lambda z: 1.0})),
    "contents by nu": (lambda numerator: lr.BinnedRatio(lambda x: (x[:, 0] > 0).astype(int), numerator, [1.0, 1.0], {"s": (0.0, 1.0)}).log_ratio(X, [0.5]), dict(numerator=lambda nu: np.array([1.0, 1.0 + nu[0]])), dict(numerator={**OTHER_FUNCTIONS, **GIVING})),
    "a statistic": (lambda contribution: experiments.pseudo_experiments(distributions.Statistic(0.0, contribution), toy, {"signal": 2.0}, 5, 1), dict(contribution=lambda x: x[:, 0]), dict(contribution={**OTHER_FUNCTIONS, **GIVING})),
    "a statistic of data": (lambda contribution: distributions.Statistic(0.0, contribution)(X), dict(contribution=lambda x: x[:, 0]), dict(contribution=GIVING)),
    "a shift of features": (lambda move: lr.Shift(move, 1.0), dict(move=lambda x, nu: x), dict(move=OTHER_FUNCTIONS)),
    "Normal": (lr.Normal, dict(name="a", mean=0.0, width=1.0), dict(name=NAMES_OF_NEW, mean=but(NUMBERS, "array", "fraction"), width=POSITIVE)),
    "Normal of two": (lr.Normal, dict(name=("a", "b"), mean=[0.0, 1.0], width=np.eye(2)),
                      dict(name={"equal": ("a", "a"), "three": ("a", "b", "c"), "numbers": (1, 2)}, mean=but(BINS, "negative", "three axes"), width={**BINS, "flat": np.zeros((2, 2)), "lopsided": [[1.0, 0.5], [0.0, 1.0]], "negative": -np.eye(2)})),
    "LogNormal": (lr.LogNormal, dict(name="a", mean=1.0, factor=1.1), dict(name=NAMES_OF_NEW, mean={**but(NUMBERS, "array", "fraction"), "zero": 0.0, "negative": -1.0}, factor={**NUMBERS, "one": 1.0, "half": 0.5})),
    "Poisson": (lr.Poisson, dict(name="a", mean=1.0, scale=10.0), dict(name=NAMES_OF_NEW, mean={**but(NUMBERS, "array", "fraction"), "negative": -1.0}, scale=POSITIVE)),
    "Measured": (systematics.Measured, dict(name="a", of=np.square), dict(name=NAMES_OF_NEW, of=FUNCTIONS)),
    "Likelihood": (lr.Likelihood, dict(processes={"s": lr.Process(1, family), "b": lr.Process(2)}, strength={"mu": "s"}, constraints=[lr.Normal("sigma", 0.1, 0.1)], ranges={"mu": (0.0, 5.0)}, fixed={"mu": 1.0}),
                   dict(processes={"an effect called like a strength": {"s": lr.Process(1, norm={"mu": (0.9, 1.1)}), "b": lr.Process(2)}, "None": None, "number": 1.0, "text": "a", "list": [lr.Process(1)], "empty": {}, "not one": {"s": 1.0}, "a ratio": {"s": family}, "object": NOTHING, "number as name": {1: lr.Process(1)}},
                        strength={"number": 1.0, "text": "mu", "list": ["mu"], "object": NOTHING, "unknown": {"mu": "other"}, "number inside": {"mu": 1.0}, "number as name": {1.0: "s"}, "list inside": {"mu": ["s", "b"]}},
                        constraints={"number": 1.0, "text": "a", "numbers": [1.0], "None inside": [None], "unknown": [lr.Normal("other", 0.0, 1.0)], "mapping": {"sigma": (0.1, 0.1)}},
                        ranges={**SPACES, "other range": {"sigma": (10.0, 20.0)}}, fixed={**VALUES, "below": {"sigma": 99.0}})),
    "Likelihood.fix": (SEARCH.fix, dict(mu=1.0), dict(mu=NUMBERS, other={"unknown": 1.0})),
    "Likelihood.yields": (SEARCH.yields, dict(values=NULL), dict(values=but(ALL_VALUES, "list as value"))),
    "Likelihood.log_rate": (SEARCH.log_rate, dict(x=X, values=NULL), dict(x=EVENTS, values=ALL_VALUES)),
    "Likelihood.nll": (SEARCH.nll, dict(data=X, values=NULL), dict(data={**DATA, "list of sets": [X, X]}, values=ALL_VALUES)),
    "Likelihood.on": (SEARCH.on, dict(data=SMALL), dict(data=DATA, weights=MULTIPLICITIES)),
    "Likelihood.fit": (FLOATING.fit, dict(data=X), dict(data=DATA, start=VALUES, weights=MULTIPLICITIES)),
    "Likelihood.fit_many": (FLOATING.fit_many, dict(data=[X]), dict(data=SETS, start=but(VALUES, "list as value"), weights={"text": "a", "number": 1.0, "one axis": np.ones(3), "object": NOTHING})),
    "fit_many with weights": (SEARCH.fit_many, dict(data=SMALL, weights=np.ones((2, 3))), dict(data=DATA, weights=MULTIPLICITIES)),
    "Likelihood.profile": (FLOATING.profile, dict(data=X, name="mu", grid=[0.0, 1.0, 2.0, 3.0]), dict(data=DATA, name=NAMES, grid=GRIDS, start=VALUES)),
    "Likelihood.scan": (SEARCH.scan, dict(data=X, points={"mu": [0.0, 1.0]}),
                        dict(data=DATA, points={**but(ALL_VALUES, "list as value", "true"), "two shapes": {"mu": np.ones((2, 2, 2)), "other": np.ones(3)}, "nan inside": {"mu": [0.0, NAN]}, "texts": {"mu": ["a"]}})),
    "Likelihood +": (lambda other: SEARCH + other, dict(other=HISTOGRAM), dict(other=MODELS)),
    "Channels": (likelihood.Channels, dict(channels={"a": SEARCH, "b": HISTOGRAM}), dict(channels={**MODELS, "inside": {"a": SEARCH, "b": 1.0}, "two": {"a": BOTH}})),
    "Channels.fit": (BOTH.fit, dict(data=[X, [7.0, 6.0]]), dict(data={**but(DATA, "ragged"), "one": [X], "unknown": {"1": X, "3": [7.0, 6.0]}, "texts inside": ["a", "b"], "other way round": [[7.0, 6.0], X]})),
    "Prepared": (PREPARED, dict(values=NULL), dict(values=but(ALL_VALUES, "list as value"))),
    "Prepared.derivatives": (PREPARED.derivatives, dict(values=NULL, names=["mu"]), dict(values=but(ALL_VALUES, "list as value"), names={"unknown": ["other"], "numbers": [1.0]})),
    "Prepared.fit": (PREPARED_FLOATING.fit, dict(), dict(start=VALUES)),
    "Prepared.fit_many": (PREPARED_FLOATING.fit_many, dict(fixed={"mu": 1.0}),
                          dict(fixed=but(VALUES, "list as value"), start=but(VALUES, "list as value"), within={"number": 1.0, "text": "a", "unknown": {"other": (0.0, 1.0)}, "number inside": {"mu": 1.0}, "falling": {"mu": (1.0, 0.0)}, "nan": {"mu": (NAN, 1.0)}})),
    "Prepared.profile": (PREPARED_FLOATING.profile, dict(name="mu", grid=[0.0, 1.0, 2.0, 3.0]), dict(name=NAMES, grid=GRIDS)),
    "Prepared.fix": (PREPARED.fix, dict(mu=1.0), dict(mu=NUMBERS)),
    "Profile.interval": (PROFILE.interval, dict(level=0.5), dict(level=OPEN)),
    "Profile.pieces": (PROFILE.pieces, dict(level=0.5), dict(level=OPEN)),
    "BinnedRatio": (lr.BinnedRatio, dict(index=lambda x: x[:, 0].astype(int), numerator=[1.0, 2.0], denominator=[1.0, 1.0]),
                    dict(index=FUNCTIONS, numerator=but(BINS, "long"), denominator=but({**BINS, "empty bin": [0.0, 1.0]}, "None"), parameters=SPACES)),
    "BinnedRatio.log_ratio": (lambda x, index: lr.BinnedRatio(index, [1.0, 2.0]).log_ratio(x), dict(x=[0.0, 1.0], index=lambda x: x[:, 0].astype(int)),
                              dict(x=EVENTS, index={"one": lambda x: 0, "far": lambda x: np.full(len(x), 7), "short": lambda x: np.zeros(1, int), "texts": lambda x: np.full(len(x), "a"), "nan": lambda x: np.full(len(x), NAN), "halves": lambda x: np.full(len(x), 0.5),
                                                    "None": lambda x: None})),
    "Morphed": (systematics.Morphed, dict(nominal=toy, shapes={"a": (toy, toy)}),
                dict(nominal=FUNCTIONS, shapes={"None": None, "number": 1.0, "text": "a", "list": [1.0], "one": {"a": (toy,)}, "not ratios": {"a": (1.0, 2.0)}, "a ratio": {"a": toy}, "object": NOTHING, "number as name": {1: (toy, toy)}})),
    "impacts": (lr.impacts, dict(model=FLOATING, data=X, name="mu"), dict(model=MODELS, data=DATA, name=NAMES)),
    # mixture
    "fraction_likelihood": (mixture.fraction_likelihood, dict(ratio=toy, n_events=10), dict(ratio=FUNCTIONS, n_events=POSITIVE)),
    "mixture_score": (mixture.mixture_score, dict(log_ratio=SMALL, fraction=0.5), dict(log_ratio=NUMBERS_OR_ARRAYS, fraction={**NUMBERS, "two": 2.0, "negative": -0.1})),
    "raw_fraction": (mixture.raw_fraction, dict(log_ratio=SMALL, weight=np.ones(3)), dict(log_ratio=but(COLUMNS, "number", "short", "two axes"), weight=but({**COLUMNS, "negative": -np.ones(3), "nothing": np.zeros(3)}, "None"))),
    "fraction_response": (mixture.fraction_response, dict(ratio=toy, signal=lr.Table([0.0, 0.1]), background=lr.Table([-0.4, 0.1, 0.4]), fraction=0.3, n_events=10),
                          dict(ratio=FUNCTIONS, signal=TABLES, background=TABLES, fraction=OPEN, n_events=POSITIVE)),
    "fraction_estimate": (mixture.fraction_estimate, dict(score=SMALL, mean_signal=1.0, mean_background=0.0, weight=np.ones(3)),
                          dict(score=but(COLUMNS, "number", "short", "two axes"), mean_signal={**NUMBERS, "equal": 0.0}, mean_background=NUMBERS, weight=but({**COLUMNS, "negative": -np.ones(3), "nothing": np.zeros(3)}, "None"))),
    "fraction_width": (mixture.fraction_width, dict(score=SMALL, weight=np.ones(3), mean_signal=1.0, mean_background=0.0, n_events=10),
                       dict(score=but(COLUMNS, "number", "short", "two axes"), weight=but({**COLUMNS, "nothing": np.zeros(3)}, "None"), mean_signal=NUMBERS, mean_background=NUMBERS, n_events=POSITIVE)),
    # binned
    "filled": (binned.filled, dict(score=SMALL, edges=[0.0, 1.0], weight=np.ones(3), total=5.0),
               dict(score=but(COLUMNS, "number", "short", "two axes"), edges=but({**GRIDS, "one": [1.0]}, "short", "inf"), weight=but(COLUMNS, "None"), total=but(POSITIVE, "None"))),
    "Contents": (lr.Contents, dict(contents=[1.0, 2.0], variance=[1.0, 1.0], norm={"a": (0.9, 1.1)}, shape={"b": ([1.0, 1.0], [2.0, 2.0])}),
                 dict(contents=BINS, variance=but(BINS, "None"), norm=NORMS, shape={"number": 1.0, "text": "a", "one": {"b": ([1.0, 1.0],)}, "short": {"b": ([1.0], [1.0])}, "nan": {"b": ([NAN, 1.0], [1.0, 1.0])}, "texts": {"b": ("a", "b")}, "object": NOTHING})),
    "Histogram": (lr.Histogram, dict(processes={"s": lr.Contents([1.0, 2.0]), "b": lr.Contents([5.0, 5.0], norm={"a": (0.9, 1.1)})}, strength={"mu": "s"}, constraints=(lr.Normal("a", 0.0, 1.0),), ranges={"mu": (0.0, 5.0)}, fixed={"mu": 1.0}),
                  dict(processes={"None": None, "number": 1.0, "text": "a", "empty": {}, "not one": {"s": [1.0, 2.0]}, "object": NOTHING, "lengths": {"s": lr.Contents([1.0]), "b": lr.Contents([1.0, 2.0])}, "list": [lr.Contents([1.0])]},
                       strength={"number": 1.0, "text": "mu", "list": ["mu"], "object": NOTHING, "unknown": {"mu": "other"}, "number inside": {"mu": 1.0}},
                       constraints={"number": 1.0, "text": "a", "numbers": [1.0], "unknown": [lr.Normal("other", 0.0, 1.0)]}, ranges=SPACES, fixed=VALUES)),
    "Histogram.fit": (HISTOGRAM.fit, dict(data=[7.0, 6.0]), dict(data=BINS, start=VALUES, weights={"text": "a", "array": np.ones(2), "importance": "importance"})),
    "Histogram.profile": (HISTOGRAM.profile, dict(data=[7.0, 6.0], name="mu", grid=[0.0, 1.0, 2.0, 3.0]), dict(data=BINS, name=NAMES, grid=GRIDS)),
    "Templates": (binned.Templates, dict(nu=[0.0, 1.0], signal=[[1.0, 2.0], [2.0, 1.0]], background=[[5.0, 5.0], [5.0, 5.0]], name="z", ranges={"mu": (0.0, 5.0)}, fixed={"mu": 1.0}),
                  dict(nu=but({**GRIDS, "long": [0.0, 1.0, 2.0]}, "short"), signal=BINS, background=BINS, signal_variance=but(BINS, "None"), name=NAMES_OF_NEW, ranges=SPACES, fixed=VALUES,
                       constraints={"number": 1.0, "text": "a", "numbers": [1.0], "unknown": [lr.Normal("other", 0.0, 1.0)]})),
    "Templates.fit": (TEMPLATES.fit, dict(data=[7.0, 6.0]), dict(data=BINS, start=VALUES)),
    "Templates.at": (TEMPLATES.at, dict(nu=[0.5]), dict(nu={**but(GRIDS, "number", "short", "empty"), "outside": [7.0]})),
    "area_under_curve": (binned.area_under_curve, dict(signal=[1.0, 2.0], background=[2.0, 1.0]), dict(signal=but(BINS, "three axes"), background=but(BINS, "three axes"))),
    "node_scan": (binned.node_scan, dict(templates=TEMPLATES, counts=[7.0, 6.0], mu=[0.0, 1.0]), dict(templates=MODELS, counts=BINS, mu=NUMBERS_OR_ARRAYS)),
    "node_profile": (binned.node_profile, dict(templates=TEMPLATES, counts=[7.0, 6.0], grid=[0.0, 1.0, 2.0, 3.0]), dict(templates=MODELS, counts=BINS, grid=but(GRIDS, "None", "short"))),
    # distributions and sums
    "randomised_test": (distributions.randomised_test, dict(null=[0.5, 0.5], alternative=[0.2, 0.8], level=0.1), dict(null={**BINS, "more than one": [0.7, 0.7]}, alternative={**BINS, "more than one": [0.7, 0.7]}, level=OPEN)),
    "Distribution.tail": (LATTICE.tail, dict(t=0.0), dict(t=NUMBERS_OR_ARRAYS)),
    "Distribution.log_tail": (LATTICE.log_tail, dict(t=0.0), dict(t=NUMBERS_OR_ARRAYS)),
    "Distribution.head": (LATTICE.head, dict(t=0.0), dict(t=NUMBERS_OR_ARRAYS)),
    "power_at": (distributions.power_at, dict(null=LATTICE, alternative=LATTICE, level=0.1), dict(null=MODELS, alternative=MODELS, level={**but(OPEN, "array", "list"), "nan inside": [0.5, NAN]})),
    "significance": (distributions.significance, dict(p=0.1), dict(p={**NUMBERS_OR_ARRAYS, "two": 2.0, "negative": -0.1})),
    "log_significance": (distributions.log_significance, dict(log_p=-1.0), dict(log_p={**NUMBERS_OR_ARRAYS, "positive": 1.0})),
    "p_from_significance": (distributions.p_from_significance, dict(z=1.0), dict(z=NUMBERS_OR_ARRAYS)),
    "log_poisson_tail": (distributions.log_poisson_tail, dict(n=3, mean=2.0), dict(n=NUMBERS_OR_ARRAYS, mean={**NUMBERS_OR_ARRAYS, "negative": -1.0, "inf": INF})),
    "counting_cls": (distributions.counting_cls, dict(n=3, signal=1.0, background=2.0), dict(n={**NUMBERS_OR_ARRAYS, "negative": -1}, signal={**NUMBERS_OR_ARRAYS, "negative": -1, "inf": INF}, background={**NUMBERS_OR_ARRAYS, "negative": -1, "inf": INF})),
    "counting_limit": (distributions.counting_limit, dict(n=3, background=2.0, level=0.05, method="cls"),
                       dict(n={**NUMBERS_OR_ARRAYS, "negative": -1, "inf": INF}, background={**NUMBERS_OR_ARRAYS, "negative": -1, "inf": INF}, level=OPEN, method=CHOICES)),
    "on_off_background": (distributions.on_off_background, dict(n_on=3, n_off=4, tau=2.0, signal=1.0), dict(n_on=COUNTS, n_off=COUNTS, tau=POSITIVE, signal=NOT_NEGATIVE)),
    "on_off_statistic": (distributions.on_off_statistic, dict(n_on=3, n_off=4, tau=2.0, signal=1.0), dict(n_on=COUNTS, n_off=COUNTS, tau=POSITIVE, signal=NOT_NEGATIVE)),
    "Statistic": (distributions.Statistic, dict(constant=1.0, contribution=np.sin), dict(constant=NUMBERS, contribution=FUNCTIONS)),
    "Statistic of data": (STATISTIC, dict(data=X), dict(data=but(DATA, "negative weights"))),
    "Statistic.rounded": (STATISTIC.rounded, dict(step=0.1), dict(step=POSITIVE)),
    "binned_statistic": (distributions.binned_statistic, dict(index=lambda x: x[:, 0].astype(int), null=[1.0, 2.0], alternative=[2.0, 2.0]), dict(index=FUNCTIONS, null=BINS, alternative=BINS)),
    "discovery_tail": (distributions.discovery_tail, dict(q0=1.0), dict(q0=STATISTICS, mean=NUMBERS_OR_ARRAYS)),
    "limit_tails": (distributions.limit_tails, dict(q=1.0, asimov=2.0), dict(q=STATISTICS, asimov={**STATISTICS, "negative": -1.0})),
    "bounded_tail": (distributions.bounded_tail, dict(t=1.0, distance=2.0), dict(t=STATISTICS, distance={**STATISTICS, "negative": -1.0})),
    "upper_tail": (sums.upper_tail, dict(t=[1.0, -1.0], rate=[2.0, 3.0], at=1.0), dict(t=but(BINS, "negative", "inf", "number"), rate=but(BINS, "number", "negative"), at=but({**NUMBERS}, "inf"), constant=NUMBERS)),
    "compound_poisson": (sums.compound_poisson, dict(t=[1.0, -1.0], rates=[[2.0, 3.0]], step=0.5), dict(t=but(BINS, "negative", "inf"), rates=but(BINS, "three axes", "negative"), constant=NUMBERS, step=but(POSITIVE, "None"))),
    "exact_distributions": (lambda statistic, source, yields: sums.exact_distributions(statistic, source, yields), dict(statistic=STATISTIC, source={"signal": lr.Table(X)}, yields={"signal": 2.0}),
                            dict(statistic=FUNCTIONS, source={"None": None, "number": 1.0, "text": "a", "empty": {}, "not a table": {"signal": 1.0}, "other": {"other": lr.Table(X)}},
                                 yields={"None": None, "number": 1.0, "text": "a", "empty": {}, "nan": {"signal": NAN}, "negative": {"signal": -1.0}, "inf": {"signal": INF}, "texts": {"signal": "a"}, "huge": {"signal": 10**400}})),
    # experiments
    "pseudo_experiments": (experiments.pseudo_experiments, dict(statistics=STATISTIC, source=toy, yields={"signal": 2.0}, n_toys=5, rng=1),
                           dict(statistics={**FUNCTIONS, "empty": [], "numbers": [1.0]}, source={**but(SOURCES, "one of two"), "None": None},
                                yields={"None": None, "number": 1.0, "text": "a", "empty": {}, "nan": {"signal": NAN}, "negative": {"signal": -1.0}, "inf": {"signal": INF}, "texts": {"signal": "a"}, "huge": {"signal": 10**400}, "too many": {"signal": 1e18}},
                                n_toys=MANY, rng=SEEDS, transform=but(FUNCTIONS, "None"), map=MAPS)),
    "KnownSource": (lr.KnownSource, dict(table=lr.Table(X)), dict(table={**TABLES, "one negative": lr.Table(SMALL, weight=[3.0, 1.0, -1.0])})),
    "asimov": (experiments.asimov, dict(model=SEARCH, values=ALTERNATIVE), dict(model=MODELS, values={**ALL_VALUES, **BEYOND, "negative": {"mu": -1.0}}, source=SOURCES)),
    # tests
    "asymptotic limit of two sets": (lr.limit, dict(model=HISTOGRAM, data=[7.0, 6.0], method="asymptotic", n_sigma=()), dict(data={"two sets": [[7.0, 6.0], [3.0, 3.0]]})),
    "log_likelihood_ratio": (hypotest.log_likelihood_ratio, dict(model=SEARCH, null=NULL, alternative=ALTERNATIVE), dict(model=MODELS, null=ALL_VALUES, alternative={**ALL_VALUES, "negative": {"mu": -1.0}})),
    "p_value": (lr.p_value, TESTED, {**OF_TEST, "null": {**ALL_VALUES, **BEYOND, "negative": {"mu": -1.0}}, "alternative": {**ALL_VALUES, **BEYOND}, "n_toys": MANY, "level": but(OPEN, "None"), "rng": but(SEEDS, "None"), "map": MAPS}),
    "p_value by toys": (lr.p_value, dict(TESTED, method="toys", n_toys=200, rng=1), OF_TOYS),
    "p_value of fits by toys": (lr.p_value, dict(TESTED, model=FLOATING, method="toys", n_toys=3, rng=1), dict(null=ALL_VALUES, n_toys=MANY, rng=SEEDS)),
    "p_value by formula": (lr.p_value, dict(TESTED, method="asymptotic"), dict(model=MODELS, data=DATA, null=ALL_VALUES, alternative=ALL_VALUES)),
    "cls_value": (lr.cls_value, TESTED, {**OF_TEST, "null": {**ALL_VALUES, **BEYOND}, "alternative": {**ALL_VALUES, **BEYOND}, "n_toys": MANY, "level": but(OPEN, "None"), "map": MAPS}),
    "cls_value by toys": (lr.cls_value, dict(TESTED, method="toys", n_toys=200, rng=1), OF_TOYS),
    "cls_value by formula": (lr.cls_value, dict(TESTED, method="asymptotic"), dict(model=MODELS, data=DATA, null=ALL_VALUES, alternative=ALL_VALUES, source=SOURCES)),
    "discovery": (lr.discovery, dict(model=COUNTING, data=SEEN), dict(model=MODELS, data=but(DATA, "two columns"), strength=NAMES, method=CHOICES, at=NUMBERS, n_sigma=N_SIGMA, source=SOURCES)),
    "discovery by formula": (lr.discovery, dict(model=FLOATING, data=X, method="asymptotic", n_sigma=(0,)), dict(data=DATA, strength=NAMES, at=NUMBERS, n_sigma=N_SIGMA, source=SOURCES)),
    "discovery by toys": (lr.discovery, dict(model=COUNTING, data=SEEN, method="toys", n_toys=200, rng=1), dict(n_toys=MANY, rng=SEEDS, map=MAPS)),
    "toys_power_curve": (hypotest.toys_power_curve, dict(null=SMALL, alternative=SMALL), dict(null=but(COLUMNS, "number", "short", "two axes"), alternative=but(COLUMNS, "number", "short", "two axes"))),
    "toys_power": (hypotest.toys_power, dict(null=np.arange(100.0), alternative=np.arange(100.0), level=0.2), dict(null=COLUMNS, alternative=but(COLUMNS, "number", "short", "two axes"), level=OPEN)),
    # asymptotics
    "wald_tail": (asymptotics.wald_tail, dict(t=1.0), dict(t=STATISTICS, noncentrality={**NUMBERS_OR_ARRAYS, "negative": -1.0})),
    "chi2_quantile": (asymptotics.chi2_quantile, dict(level=0.5), dict(level=OPEN)),
    "parameter_tests": (asymptotics.parameter_tests, dict(model=SEARCH, data=[X], name="mu", value=1.0), dict(model=MODELS, data=SETS, name=NAMES, value=NUMBERS)),
    "parameter_toys": (asymptotics.parameter_toys, dict(models=COUNTING, truth=ALTERNATIVE, n_toys=3, rng=1, name="mu", value=1.0), dict(models=MODELS, truth={**ALL_VALUES, "negative": {"mu": -1.0}}, n_toys=MANY, rng=SEEDS, name=NAMES, value=but(NUMBERS, "None"), source=SOURCES, map=MAPS)),
    "coverage": (asymptotics.coverage, dict(tested=asymptotics.parameter_tests(SEARCH, [X]), level=0.5), dict(tested=MODELS, level=OPEN, bounded=SWITCHES, critical=but(NOT_NEGATIVE, "None", "array"))),
    "asymptotic_fit": (asymptotics.asymptotic_fit, dict(model=COUNTING, truth=ALTERNATIVE, name="mu"), dict(model=MODELS, truth=ALL_VALUES, name=NAMES, source=SOURCES)),
    # intervals
    "intervals": (intervals.intervals, dict(model=SEARCH, data=[X], name="mu", level=0.5), dict(model=MODELS, data=SETS, name=NAMES, level=OPEN, critical=but(FUNCTIONS, "None"), bounded=SWITCHES)),
    "Intervals.contain": (intervals.intervals(SEARCH, [X]).contain, dict(truth=1.0), dict(truth=NUMBERS)),
    "intervals of weights": (intervals.intervals, dict(model=SEARCH, data=SMALL, weights=np.ones((2, 3))), dict(data=DATA, weights=MULTIPLICITIES)),
    "limit": (lr.limit, dict(model=COUNTING, data=SEEN, n_sigma=()), dict(model=MODELS, data=but(DATA, "two columns"), strength=NAMES, level=OPEN, method=CHOICES, n_sigma=N_SIGMA, source=SOURCES)),
    "limit by formula": (lr.limit, dict(model=COUNTING, data=SEEN, n_sigma=(), method="asymptotic"), dict(model=MODELS, data=but(DATA, "two columns"), strength=NAMES, level=OPEN, n_sigma=N_SIGMA, source=SOURCES)),
    "limit by toys": (lr.limit, dict(model=COUNTING, data=SEEN, n_sigma=(), method="toys", n_toys=200, rng=1), dict(n_toys=MANY, rng=SEEDS, map=MAPS)),
    "expected_limits": (intervals.expected_limits, dict(model=COUNTING, strength="mu", level=0.05), dict(model=MODELS, strength=NAMES, level=OPEN, n_sigma=N_SIGMA, source=SOURCES, values=VALUES)),
    "asymptotic_limits": (intervals.asymptotic_limits, dict(model=COUNTING, data=[SEEN], strength="mu", level=0.05), dict(model=MODELS, data=but(SETS, "two columns"), strength=NAMES, level=OPEN, source=SOURCES)),
    "unified_acceptance": (intervals.unified_acceptance, dict(signal=1.0, background=2.0, level=0.9), dict(signal={**NUMBERS_OR_ARRAYS, "negative": -1.0, "inf": INF, "too large": 1e18}, background={**NOT_NEGATIVE, "too large": 1e18}, level=OPEN, n_max=but(COUNTS, "None"))),
    "feldman_cousins": (intervals.feldman_cousins, dict(n=3, background=2.0, level=0.9), dict(n={**COUNTS, "too many": 10**10}, background={**NOT_NEGATIVE, "too large": 1e18}, level=OPEN)),
    "bounded_critical": (intervals.bounded_critical, dict(distance=1.0, level=0.9), dict(distance=NOT_NEGATIVE, level=OPEN)),
    "neyman_construction": (intervals.neyman_construction, dict(models=COUNTING, grid=[0.0, 1.0], n_toys=100, rng=1),
                            dict(models=MODELS, grid=but(GRIDS, "short"), n_toys=MANY, rng=SEEDS, truth=VALUES, name=NAMES, level=OPEN, bounded=SWITCHES, source=SOURCES, map=MAPS)),
    "Construction": (CONSTRUCTION, dict(value=1.0), dict(value=STATISTICS)),
    "Construction.intervals": (CONSTRUCTION.intervals, dict(model=COUNTING, data=[SEEN]), dict(model=MODELS, data=but(SETS, "two columns"), name=NAMES)),
    # searches
    "BumpSearch": (search.BumpSearch, dict(reference=NODES), dict(reference=TABLES)),
    "scan_for_signal": (search.scan_for_signal, dict(ratios=MASSES[0], shape=MASSES[1], reference=NODES),
                        dict(ratios=but({**BINS, "nan": np.full((2, 12), NAN), "negative": -np.ones((2, 12)), "complex": np.full((2, 12), 1j), "texts": np.full((2, 12), "a"), "inf": np.full((2, 12), INF)}),
                             shape=but({**BINS, "nan": np.full((12, 2), NAN), "texts": np.full((12, 2), "a"), "inf": np.full((12, 2), INF)}), reference=TABLES)),
    "upcrossings": (search.upcrossings, dict(curves=[0.0, 1.0, 0.0], level=0.5), dict(curves=NUMBERS_OR_ARRAYS, level=NUMBERS)),
    "global_p_value": (search.global_p_value, dict(q=9.0, mean_upcrossings=2.0, level=1.0), dict(q={**NUMBERS_OR_ARRAYS, "negative": -1.0}, mean_upcrossings=NOT_NEGATIVE, level=NUMBERS)),
    "scan_correlation": (search.scan_correlation, dict(ratios=MASSES[0], shape=MASSES[1], weight=np.full(12, 1 / 12)), dict(ratios=BINS, shape=BINS, weight={**COLUMNS, "negative": -np.ones(12)})),
    "mean_upcrossings": (search.mean_upcrossings, dict(correlation=np.eye(3), level=0.5), dict(correlation={**BINS, "beyond one": 2 * np.ones((3, 3)), "oblong": np.eye(3)[:2]}, level=NOT_NEGATIVE)),
    # uncertainty
    "decompose": (uncertainty.decompose, dict(values=np.arange(8.0).reshape(2, 2, 2), truth=np.zeros(2)), dict(values={**NUMBERS_OR_ARRAYS, "one": np.ones((1, 2)), "nan": np.full((2, 2), NAN)}, truth={**NUMBERS_OR_ARRAYS, "long": np.ones(3)})),
    "jackknife": (uncertainty.jackknife, dict(statistic=np.mean, sample=SMALL), dict(statistic=FUNCTIONS, sample=but({**EVENTS, "one": [1.0]}, "objects", "four axes"))),
    "template_ratio": (uncertainty.template_ratio, dict(observable=SMALL, numerator=np.ones(3), denominator=np.ones(3), n_bins=2),
                       dict(observable=COLUMNS, numerator={**COLUMNS, "nothing": np.zeros(3)}, denominator={**COLUMNS, "nothing": np.zeros(3)}, n_bins=COUNTS)),
    "uncertain_significance": (uncertainty.uncertain_significance, dict(signal=1.0, background=2.0, relative_error=0.1), dict(signal=NUMBERS_OR_ARRAYS, background={**NUMBERS_OR_ARRAYS, "negative": -1.0}, relative_error={**NUMBERS_OR_ARRAYS, "negative": -1.0})),
    "uncertain_gain": (uncertainty.uncertain_gain, dict(eps_signal=0.5, eps_background=0.1, background=2.0, relative_error=0.1),
                       dict(eps_signal={**NUMBERS_OR_ARRAYS, "negative": -1.0}, eps_background={**NUMBERS_OR_ARRAYS, "negative": -1.0, "zero": 0.0}, background=NUMBERS_OR_ARRAYS, relative_error=NUMBERS_OR_ARRAYS, first_order=SWITCHES)),
    "weighted_significance": (uncertainty.weighted_significance, dict(weights=np.ones(3), signal=np.ones(3), background=np.ones(3), shifts=np.ones((1, 3))),
                              dict(weights=COLUMNS, signal=COLUMNS, background={**COLUMNS, "zero": np.zeros(3)}, shifts=but(COLUMNS, "two axes"))),
    "aware_weights": (uncertainty.aware_weights, dict(signal=np.ones(3), background=np.ones(3), shifts=np.ones((1, 3))), dict(signal=COLUMNS, background={**COLUMNS, "zero": np.zeros(3)}, shifts=but(COLUMNS, "two axes"))),
    "events_to_see": (uncertainty.events_to_see, dict(distance=0.1, dof=3, level=0.01, power=0.5), dict(distance=POSITIVE, dof=COUNTS, level=OPEN, power={**OPEN, "below the level": 0.001})),
    "calibration_bias": (uncertainty.calibration_bias, dict(fraction=0.1, control=SMALL, simulated=1.0, background=0.0), dict(fraction={**NUMBERS, "two": 2.0}, control=but({**COLUMNS, "one": [1.0]}, "two axes"), simulated={**NUMBERS, "equal": 0.0}, background=NUMBERS)),
    "of_member": (uncertainty.of_member, dict(ratio=LEARNED, k=0, rng=1), dict(ratio=FUNCTIONS, k={**COUNTS, "far": 7}, rng=SEEDS)),
    "replicas": (lambda model, rng: list(uncertainty.replicas(model, rng)), dict(model=LEARNED_SEARCH, rng=1), dict(model={**MODELS, "formulae": SEARCH}, rng=SEEDS)),
    "network_error": (lr.network_error, dict(model=LEARNED_SEARCH, answer=lambda model: model.yields({"mu": 1.0})["signal"]),
                      dict(model={**MODELS, "formulae": SEARCH}, answer={**FUNCTIONS, "texts": lambda model: "a", "nothing": lambda model: None, "complex": lambda model: 1j}, rng=SEEDS)),
    "with_network_error": (lr.with_network_error, dict(model=LEARNED_SEARCH, data=X), dict(model={**MODELS, "formulae": SEARCH}, of={"number": 1.0, "unknown": "other", "empty": (), "numbers": [1.0], "lists": [["mu"]], "a mapping": {"mu": 1.0}, "object": NOTHING}, rng=SEEDS)),
    # what is learned, and where it goes
    "a learned ratio": (LEARNED.log_ratio, dict(x=SMALL, members=False, extrapolate=False), dict(x={**EVENTS, "1e300": [1e300]}, nu={"number": 1.0, "text": "a"}, members=SWITCHES, extrapolate=SWITCHES)),
    "a ratio for fits": (CONDITIONAL.on, dict(x=SMALL, ranges={"s": (0.0, 0.5)}), dict(x=EVENTS, ranges={**SPACES, "empty": {}, "empty text": "", "list": [1.0], "zero": 0, "false": False})),
    "Ratio.held_out": (LEARNED.held_out, dict(which="numerator"), dict(which=CHOICES, nu={"number": 1.0, "text": "a"})),
    "Ratio.save": (lambda path: LEARNED.save(path), dict(path="/dev/null"), dict(path=PATHS)),
    "load": (lambda path, inputs=None: lr.load(path, inputs=inputs), dict(), dict(path=PATHS)),
    "save_published": (lr.save_published, dict(compact=SMALL_SUMS, path="/dev/null"), dict(compact=MODELS, path=PATHS)),
    "published_likelihood": (lr.published_likelihood, dict(), dict(path=PATHS)),
    "load_unfolding": (unfolding.load_unfolding, dict(), dict(path=PATHS)),
    "write_report": (lr.write_report, dict(path="a.html"), dict(found=MODELS)),
    "histogram_of": (lr.histogram_of, dict(), dict(found=MODELS)),
    "scaled_features": (lr.scaled_features, dict(names=("a", "b"), features=("a",)), dict(names={"None": None, "number": 1.0, "numbers": [1.0], "empty": [], "object": NOTHING, "lists": [["a"], ["b"]]},
                                                                                     features={"None": None, "number": 1.0, "numbers": [1.0], "empty": [], "object": NOTHING, "unknown": ["c"]})),
    "to_pyhf": (lr.to_pyhf, dict(model=HISTOGRAM, counts=[7.0, 6.0], poi="mu", name="m"), dict(model={**MODELS, "events": SEARCH}, poi=NAMES, name=TEXTS)),
    "from_pyhf": (lr.from_pyhf, dict(workspace=lr.to_pyhf(HISTOGRAM, [7.0, 6.0])), dict(workspace={"None": None, "text": "a", "number": 1.0, "list": [], "empty": {}, "masked": MASKED, "half": {"measurements": 1.0}, "a list inside": {"measurements": [1.0], "channels": [], "observations": []}},
                                                                                        measurement={"number": 1.0, "unknown": "other", "array": np.ones(3), "object": NOTHING})),
    "Histogram": (lr.Histogram, dict(processes={"s": lr.Contents([3.0, 1.0])}, strength={"mu": "s"}), dict(processes={"an effect called like a strength": {"s": lr.Contents([3.0, 1.0], norm={"mu": (0.9, 1.1)})}, "a shape called so": {"s": lr.Contents([3.0, 1.0], shape={"mu": ([2.0, 1.0], [4.0, 1.0])})}},
                                                                                                           strength={"unknown": {"mu": "other"}, "a number": {"mu": 1.0}, "an array": {"mu": np.array(1.0)}, "no name": {1: "s"}})),
    "as_hs3": (lr.as_hs3, dict(model=HISTOGRAM, data=[7.0, 6.0], name="m"), dict(model=MODELS, name=TEXTS)),
    "as_hist": (lr.as_hist, dict(data=[7.0, 6.0], edges=[0.0, 1.0, 2.0], name="x"), dict(data=but(COLUMNS, "short"), edges={**but(GRIDS, "inf"), "one": [1.0]}, variance={"text": "a", "number": 1.0, "negative": [-1.0, 1.0], "object": NOTHING}, name=TEXTS, feature={"text": "a", "number": 0})),
    "as_hist of events": (lr.as_hist, dict(data=lr.Table(SMALL), edges=[-1.0, 0.0, 1.0]), dict(variance={"some": [1.0, 1.0]})),
    "as_latex": (lr.as_latex, dict(result=IMPACTS, caption="a", label="b"), dict(result={"None": None, "number": 1.0, "text": "a", "list": [], "empty": {}, "array": np.ones(3), "object": NOTHING}, caption={"number": 1.0, "array": np.ones(3), "huge": 10**5000}, label={"number": 1.0, "list": []})),
    "draw_impacts": (plot.draw_impacts, dict(), dict(found={"None": None, "number": 1.0, "empty": (), "numbers": [1.0], "text": "a", "array": np.ones(3)})),
    # interpolation, awareness
    "interpolated": (interpolation.interpolated, dict(ratio=lr.FromFunction(lambda x, nu: nu[:, 0] * x[:, 0], {"s": (0.0, 1.0)}), x=X, ranges={"s": (0.0, 0.5)}),
                     dict(ratio={**FUNCTIONS, "no parameters": lr.FromFunction(np.sin)}, x=EVENTS, ranges={**SPACES, "wider": {"s": (0.0, 2.0)}}, finer=COUNTS)),
    "Auxiliary": (awareness.Auxiliary, dict(n_events=10.0, width=0.5), dict(n_events=POSITIVE, width=POSITIVE, edges=but({**GRIDS, "one": [1.0]}, "short", "inf"))),
    "information": (awareness.information, dict(rate=[1.0, 2.0], slopes=[[1.0, 1.0]]), dict(rate={**BINS, "zero": [0.0, 1.0]}, slopes=but(BINS, "negative"))),
    "fixed_reference": (awareness.fixed_reference, dict(tables=[lr.Table(X)]), dict(tables={"None": None, "number": 1.0, "text": "a", "empty": [], "numbers": [1.0], "a table": lr.Table(X), "empty table": [lr.Table(np.zeros((0, 1)))], "shapes": [lr.Table(X), lr.Table(np.ones((2, 2)))]})),
    "filtered": (awareness.filtered, dict(source=lambda k, rng: lr.Table(np.ones(k)), score=lambda table: np.zeros(len(table)), n=5, rng=1),
                 dict(source={**FUNCTIONS, "not tables": lambda k, rng: 1.0, "nothing": lambda k, rng: lr.Table(np.zeros((0, 1)))}, score={**FUNCTIONS, "one": lambda table: 1.0, "nan": lambda table: np.full(len(table), NAN)}, n=MANY, rng=SEEDS, least={**NUMBERS, "zero": 0.0, "two": 2.0})),
    "paired_width": (awareness.paired_width, dict(learned=[1.0, 2.0, 4.0], exact=[1.0, 2.0, 3.0], limit=1.0), dict(learned=but({**COLUMNS, "equal": np.ones(3)}, "short"), exact={**COLUMNS, "equal": np.ones(3)}, limit=POSITIVE)),
    "reference_ratios": (lr.reference_ratios, dict(samples={"a": lr.Table(X)}, shift=lambda x, nu: x + nu, parameters={"s": (0.0, 1.0)}, rng=1),
                         dict(samples={"None": None, "number": 1.0, "text": "a", "empty": {}, "numbers": {"a": 1.0}, "list": [lr.Table(X)], "a table": lr.Table(X)}, shift={**FUNCTIONS, "one": lambda x, nu: 1.0, "nan": lambda x, nu: x * NAN, "texts": lambda x, nu: "a"},
                              parameters={**SPACES, "empty": {}, "None": None, "a point": {"s": (1.0, 1.0)}}, select={**but(FUNCTIONS, "None"), "numbers": lambda x: np.ones(len(x)), "nothing": lambda x: np.zeros(len(x), bool)}, rng=SEEDS,
                              recipe={"None": None, "text": "a", "number": 1.0})),
}
CASES = list(cases(CALLS))
assert len(CASES) >= 1000
SLOW = {"reference_ratios", "load", "published_likelihood", "load_unfolding", "write_report", "histogram_of", "draw_impacts"}                                                                       # works in a chapter


test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS, [name for name in CALLS if name not in SLOW])
