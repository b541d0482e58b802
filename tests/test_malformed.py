"""Malformed calls of the public functions: each is refused with one line that names the argument.

`CALLS` holds a call that works of every function and class; one argument at a time is replaced by something that it cannot be."""

import numpy as np

import lrguide as lr
from lrguide import algebra, arrays, data, files, losses, models, nets, ratio, run
from malformed import MASKED, NAN, INF, NOTHING, NUMBERS, COUNTS, EVENTS, COLUMNS, TABLES, SEEDS, SPACES, FINITE_SPACES, CHOICES, POINTS, FUNCTIONS, GIVING, OTHER_FUNCTIONS, SWITCHES, TEXTS, cases, checks_of

toy, family = models.Resonance(0.08), models.Resonance(None)
X, SPACE = np.linspace(-0.4, 0.4, 3), arrays.Ranges({"s": (0.0, 1.0)})
TABLE, FLAT = lr.Table(X), lr.FromFunction(lambda x: np.zeros(len(x)))
WIDE = lr.FromFunction(lambda x, nu: np.zeros(len(x)), {"s": (0.0, 1.0)})

# function, arguments that work, what is put in the place of each
CALLS = {
    "check_number": (arrays.check_number, dict(value=1.0, name="value"), dict(value={k: v for k, v in NUMBERS.items() if k not in ("inf", "huge")})),
    "check_count": (arrays.check_count, dict(value=1, name="value"), dict(value={k: v for k, v in COUNTS.items() if k != "huge"})),
    "check_events": (arrays.check_events, dict(x=X), dict(x=EVENTS)),
    "check_column": (arrays.check_column, dict(values=X, n=3, name="values"), dict(values=COLUMNS)),
    "check_labels": (arrays.check_labels, dict(y=[0, 1, 1], n=3), dict(y={**COLUMNS, "others": [0, 1, 2], "one class": [1, 1, 1]})),
    "check_sets": (arrays.check_sets, dict(x=np.ones((2, 2, 3))), dict(x={**EVENTS, "flat": np.ones(3), "halves": np.full((1, 1, 2), 0.5)})),
    "check_nu": (arrays.check_nu, dict(nu=[0.5], n=3, within=SPACE), dict(nu={**POINTS, "long": np.ones((2, 1))})),
    "Ranges": (arrays.Ranges, dict(ranges={"s": (0.0, 1.0)}), dict(ranges=SPACES)),
    "check_ranges": (arrays.check_ranges, dict(parameters={"s": (0.0, 1.0)}), dict(parameters=FINITE_SPACES)),
    "Ranges.grid": (lambda n: SPACE.grid(n), dict(n=3), dict(n={k: v for k, v in COUNTS.items()})),
    "check_within": (arrays.check_within, dict(values=0.5, name="s", ranges=SPACE), dict(values={k: v for k, v in POINTS.items() if k not in ("two", "deep")})),
    "by_name": (arrays.by_name, dict(parameters=SPACE, values={"s": 0.5}), dict(values={"other": {"t": 1.0}, "None": None, "text": {"s": "a"}, "object": {"s": NOTHING}, "complex": {"s": 1j}})),
    "generator": (arrays.generator, dict(rng=1), dict(rng=SEEDS)),
    "spawn": (arrays.spawn, dict(rng=1, n=2), dict(rng=SEEDS, n={k: v for k, v in COUNTS.items()})),
    "check_switch": (arrays.check_switch, dict(value=True, name="value"), dict(value=SWITCHES)),
    "check_name": (arrays.check_name, dict(value="mu"), dict(value=TEXTS)),
    "Ranges.unit": (SPACE.unit, dict(nu=[[0.5]]), dict(nu={"None": None, "text": "a", "object": NOTHING, "complex": [[1j]], "mapping": {"s": 0.5}, "masked": MASKED, "ragged": [[1.0], [1.0, 2.0]]})),
    "Ranges.at": (SPACE.at, dict(u=[[0.5]]), dict(u={"None": None, "text": "a", "object": NOTHING, "complex": [[1j]], "mapping": {"s": 0.5}, "masked": MASKED, "ragged": [[1.0], [1.0, 2.0]]})),
    "Table rows": (lambda rows: TABLE[rows], dict(rows=[0, 2]), dict(rows={"None": None, "text": "a", "number": 1, "object": NOTHING, "halves": [0.5], "texts": ["a"], "far": [0, 7], "a short mask": np.array([True]), "pairs": [[0, 1]],
                                                                           "ragged": [[1], [1, 2]], "complex": [1j], "masked": MASKED})),
    "Table x": (lr.Table, dict(x=X), dict(x={**EVENTS, "a number as column": {"m": np.array(1.0)}, "no array of ours": type("Theirs", (), {"__array__": lambda self, *_, **__: 1 / 0})()})),
    "Table": (lr.Table, dict(x=X, nu=np.ones((3, 1)), weight=[1, 2, 3], also={"m": X}, names=("y",)),
              dict(nu={k: v for k, v in {**POINTS, "long": np.ones((2, 1))}.items() if k not in ("None", "outside", "two")}, weight={k: v for k, v in COLUMNS.items() if k != "None"},
                   also={"None": None, "list": [1], "number": 1.0, "text": "a", "short": {"m": [1.0]}, "nan": {"m": [NAN, 1, 2]}, "texts": {"m": ["a", "b", "c"]}},
                   names={"two": ("a", "b"), "number": 1.0, "numbers": (1,), "empty": (), "object": NOTHING, "a set": {"a"}, "lists": [["a"]], "no axis": np.array("a"), "huge": [10**5000]})),
    "as_table": (arrays.as_table, dict(data=X), dict(data=EVENTS)),
    "aligned": (arrays.aligned, dict(data={"a": X, "b": X}, names=("a", "b")), dict(data={**{k: v for k, v in EVENTS.items()}, "other": {"a": X, "c": X}})),
    "rescale": (arrays.rescale, dict(table=TABLE, total=2.0), dict(table=TABLES, total={**NUMBERS, "zero": 0.0, "negative": -1.0})),
    "join": (lambda table: arrays.join(TABLE, table), dict(table=TABLE), dict(table={k: v for k, v in TABLES.items() if k not in ("empty", "negative")} | {"other shape": lr.Table(np.ones((2, 2)))})),
    "split": (arrays.split, dict(table=TABLE, fraction=0.5, rng=1), dict(table=TABLES, fraction={**NUMBERS, "one": 1.0, "zero": 0}, rng=SEEDS)),
    "chunks": (lambda data, size: list(files.chunks(data, size)), dict(data=X, size=2), dict(data={k: v for k, v in EVENTS.items() if k not in ()}, size={k: v for k, v in COUNTS.items() if k != "huge"})),
    "draw": (lr.draw, dict(source=toy, yields={"signal": 3.0}, rng=1),
             dict(source={"None": None, "text": "a", "number": 1.0, "empty": {}, "object": NOTHING, "array": X},
                  yields={"None": None, "empty": {}, "text": {"signal": "a"}, "nan": {"signal": NAN}, "negative": {"signal": -1.0}, "number": 1.0, "list": [1.0], "too many": {"signal": 1e18}, "huge": {"signal": 10**400}}, rng=SEEDS)),
    "fold": (data.fold, dict(event_id=np.arange(3), n_folds=2), dict(n_folds={k: v for k, v in COUNTS.items() if k != "huge"})),
    "find_loss": (losses.find_loss, dict(name="cross-entropy"), dict(name=CHOICES)),
    "Training": (nets.Training, dict(epochs=1, batch=10, rate=0.1, schedule="cosine", patience=1, clip=1.0, rates={"a": [0.1, 0.0]}, progress=False),
                 dict(progress=SWITCHES, rates={"number": 1.0, "text": "a", "list": [1.0], "object": NOTHING, "numbers": {1: 0.1}, "texts": {"a": "b"}, "nan": {"a": NAN}, "negative": {"a": [-0.1]}, "nothing": {"a": []}, "ragged": {"a": [[0.1], [0.1, 0.2]]}},
                      epochs={k: v for k, v in COUNTS.items() if k != "None" and k != "huge"}, batch={k: v for k, v in COUNTS.items() if k != "huge"}, rate={**NUMBERS, "zero": 0.0},
                      schedule=CHOICES, patience={k: v for k, v in COUNTS.items() if k not in ("None", "huge")}, clip={k: v for k, v in NUMBERS.items() if k != "None"})),
    "Dense": (nets.Dense, dict(n_features=2, hidden=(3,), activation="elu", dropout=0.1),
              dict(n_features={k: v for k, v in COUNTS.items() if k != "huge"}, hidden={"None": None, "number": 3, "text": "a", "half": (0.5,), "zero": (0,), "texts": ("a",), "object": NOTHING, "ragged": [[1], [1, 2]], "huge": 10**5000},
                   activation=CHOICES, dropout={**NUMBERS, "one": 1.0, "negative": -0.1})),
    "Recipe": (lr.Recipe, dict(bootstrap=True, parameters={"s": (0.0, 1.0)}, members=2, hidden=(3,), shares=(0.5, 0.25, 0.25), loss="cross-entropy", training=lr.Training(), inputs=np.sin, calibration=None, normalise=None),
               dict(bootstrap=SWITCHES, parameters={**FINITE_SPACES, "empty text": ""}, members={k: v for k, v in COUNTS.items() if k != "huge"}, shares={"None": None, "two": (0.5, 0.5), "text": "a", "sum": (0.5, 0.5, 0.5), "negative": (1.5, -0.25, -0.25), "number": 1.0, "nan": (NAN, 0.5, 0.5)},
                    loss=CHOICES, training={"None": None, "text": "a", "number": 1}, inputs={k: v for k, v in FUNCTIONS.items() if k != "None"}, calibration=CHOICES, normalise=CHOICES)),
    "Ratio": (lr.Ratio, dict(parameters=None, rng=1), dict(parameters=FINITE_SPACES, rng=SEEDS)),
    "Ratio.fit": (lambda numerator, denominator: lr.Ratio(members=1, rng=1).fit(numerator, denominator), dict(numerator=TABLE, denominator=TABLE),
                  dict(numerator=TABLES, denominator={**TABLES, "other shape": lr.Table(np.ones((2, 2)))})),
    "labelled": (ratio.labelled, dict(), dict()),
    "from_scores": (lr.from_scores, dict(score=lambda x: x[:, 0], numerator=TABLE, denominator=TABLE),
                    dict(score={"None": None, "empty": [], "text": "a", "number": 1.0, "one": lambda x: 1.0, "nan": lambda x: x[:, 0] * NAN, "texts": lambda x: np.full(len(x), "a"), "object": NOTHING},
                         numerator=TABLES, denominator=TABLES, parameters=FINITE_SPACES, calibration=CHOICES, normalise=CHOICES)),
    "diagnose": (lr.diagnose, dict(ratio=FLAT, numerator=lr.Table(np.arange(100.0)), denominator=lr.Table(np.arange(100.0))),
                 dict(ratio=FUNCTIONS, numerator={**TABLES, "few": TABLE}, denominator=TABLES, rng=SEEDS)),
    "FromFunction": (lambda function, parameters={}: lr.FromFunction(function, parameters), dict(function=np.sin), dict(function={**FUNCTIONS, **OTHER_FUNCTIONS}, parameters=SPACES)),
    "what a function gives": (lambda function: lr.FromFunction(function).log_ratio(X), dict(function=lambda x: x[:, 0]), dict(function=GIVING)),
    "a resolution": (lambda sigma: models.Resonance(sigma), dict(sigma=lambda u: 0.1 + u), dict(sigma=OTHER_FUNCTIONS)),
    "inputs": (lambda inputs: lr.Recipe(inputs=inputs), dict(inputs=np.sin), dict(inputs=OTHER_FUNCTIONS)),
    "Density": (lambda function, window, parameters={}, finer=1: lr.Density(function, window, parameters, finer).log_ratio(X), dict(function=lambda x: -x[:, 0], window=(-10.0, 10.0)),
                dict(function={**FUNCTIONS, "one": lambda x: 1.0, "nan": lambda x: x[:, 0] * NAN, "infinite": lambda x: np.full(len(x), np.inf)}, finer={k: v for k, v in COUNTS.items() if k != "huge"}, parameters=SPACES,
                     window={"None": None, "text": "a", "number": 1.0, "reversed": (1.0, 0.0), "equal": (1.0, 1.0), "three": (0.0, 1.0, 2.0), "open": (0.0, np.inf), "nan": (NAN, 1.0), "elsewhere": (50.0, 60.0)})),
    "FromFunction.log_ratio": (FLAT.log_ratio, dict(x=X), dict(x=EVENTS, nu={"number": 0.1, "point": [0.1], "text": "a"})),
    "a ratio at nu": (WIDE.log_ratio, dict(x=X, nu=[0.5], extrapolate=False), dict(x=EVENTS, nu=POINTS, extrapolate=SWITCHES)),
    "a ratio on a grid": (WIDE.log_ratio_grid, dict(x=X, points=[[0.5]]), dict(x=EVENTS, points={k: v for k, v in POINTS.items()})),
    "tabulated": (algebra.tabulated, dict(ratio=FLAT, grid=X), dict(ratio=FUNCTIONS, grid={**{k: v for k, v in EVENTS.items()}, "falling": X[::-1], "empty": []})),
    "Combined": (lambda terms: lr.Combined(terms).log_ratio(X), dict(terms=[(1.0, FLAT)]),
                 dict(terms={"None": None, "empty": [], "number": 1.0, "text": "a", "a ratio": FLAT, "no ratio": [(1.0, None)], "not a ratio": [(1.0, NOTHING)], "no number": [("a", FLAT)], "nan": [(NAN, FLAT)],
                             "alone": [(1.0,)], "columns": [(1.0, FLAT, "a")], "far": [(1.0, FLAT, [7])], "negative": [(1.0, FLAT, [-1])], "halves": [(1.0, FLAT, [0.5])]})),
    "Mixture": (lambda parts: lr.Mixture(parts).log_ratio(X), dict(parts={"a": (1.0, FLAT)}),
                dict(parts={"None": None, "empty": {}, "number": 1.0, "text": "a", "list": [(1.0, FLAT)], "not a ratio": {"a": (1.0, NOTHING)}, "no number": {"a": ("a", FLAT)}, "nan": {"a": (NAN, FLAT)}, "alone": {"a": FLAT},
                            "negative": {"a": (-1.0, FLAT)}})),
    "log_ratio of the toy": (toy.log_ratio, dict(x=X), dict(x=EVENTS, nu={"number": 0.1, "a long text": "a" * 500, "huge": 10**5000, "array": np.ones(3)})),
    "Resonance": (models.Resonance, dict(sigma=0.1, difference=True), dict(difference=SWITCHES, sigma={k: v for k, v in NUMBERS.items() if k != "None"} | {"zero": 0.0, "negative": -1.0})),
    "sample of the toy": (toy.sample, dict(process="signal", n=3, rng=1), dict(process=CHOICES, n=COUNTS, rng=SEEDS)),
    "quadrature of the toy": (toy.quadrature, dict(process="signal", n_nodes=100), dict(process=CHOICES, n_nodes={k: v for k, v in COUNTS.items()})),
    "sample of a family": (family.sample, dict(process="signal", n=3, rng=1, nu=[0.08]), dict(nu={k: v for k, v in POINTS.items() if k != "outside"})),
    "record": (run.record, dict(name="x", value=1.0, error=0.1, reference=1.0, tolerance=0.1),
               dict(name={"None": None, "empty": "", "words": "a b", "number": 1.0, "huge": 10**5000, "long": "a b" * 500, "array": np.ones(3)}, value={k: v for k, v in NUMBERS.items() if k not in ("nan", "inf", "true", "fraction")},
                    error={"text": "a", "complex": 1j, "list": [], "negative": -1.0, "huge": 10**400, "object": NOTHING}, tolerance={"text": "a", "negative": -1.0, "inf": INF, "nan": NAN, "huge": 10**400})),
    "fit_together": (lambda pairs, recipe, rng, shared=False: lr.fit_together(pairs, recipe, rng, shared=shared), dict(pairs=[(TABLE, TABLE)], recipe=lr.Recipe(), rng=1),
                     dict(shared=SWITCHES, pairs={"None": None, "number": 1.0, "one": [(TABLE,)], "not tables": [(1.0, 2.0)], "empty": []}, recipe={"None": None, "text": "a", "number": 1.0}, rng=SEEDS)),
    "across_folds": (lr.across_folds, dict(numerator=TABLE, denominator=TABLE, recipe=lr.Recipe(), rng=1),
                     dict(numerator=TABLES, denominator=TABLES, recipe={"None": None, "text": "a", "number": 1.0}, folds={k: v for k, v in COUNTS.items()}, by={"number": 1.0, "other": "fold", "list": [], "object": NOTHING, "two lines": "a\nb"}, rng=SEEDS)),
}
CASES = list(cases(CALLS))
assert len(CASES) >= 300


test_it_is_refused_in_one_line, test_what_works = checks_of(CALLS, [name for name in CALLS if not name.startswith(("from_scores", "fit_together", "across", "Ratio.fit", "labelled", "diagnose"))])
