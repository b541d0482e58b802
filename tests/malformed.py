"""What arguments cannot be, by kind, and how a call with one of them is to be refused: for the tables of malformed calls."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction

import numpy as np
import pytest

import lrguide as lr

NAN, INF = float("nan"), float("inf")
MASKED = np.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0])
NOTHING = object()

# What no such argument can be, by kind.
NUMBERS = {"None": None, "nan": NAN, "inf": INF, "text": "a", "empty text": "", "list": [], "complex": 1j, "object": NOTHING, "true": True, "huge": 10**400,
           "array": np.ones(3), "fraction": Fraction(1, 2), "masked": MASKED}
COUNTS = {**NUMBERS, "half": 0.5, "negative": -1}
EVENTS = {"None": None, "nan": [NAN, 1.0], "inf": [[INF]], "text": "a", "texts": ["a", "b"], "complex": [1j], "object": NOTHING, "objects": [NOTHING], "masked": MASKED,
          "ragged": [[1.0], [1.0, 2.0]], "four axes": np.zeros((1, 1, 1, 1)), "number": 1.0, "huge": [10**400], "dates": np.array(["2026-01-01"], "M8[D]"), "mapping": {"a": ["b"]}}
COLUMNS = {**EVENTS, "short": [1.0], "two axes": np.ones((3, 2))}
TABLES = {"None": None, "text": "a", "number": 1.0, "list": [], "object": NOTHING, "array": np.ones(3), "empty": lr.Table(np.zeros((0, 1))),
          "negative": lr.Table(np.ones(3), weight=[-1.0, -1.0, 1.0])}
SEEDS = {"None": None, "text": "a", "negative": -1, "half": 0.5, "nan": NAN, "true": True, "object": NOTHING, "list": []}
SPACES = {"number": 1.0, "text": "a", "pairs": {"s": (2.0, 1.0)}, "nan": {"s": (NAN, 1.0)}, "one": {"s": 1.0}, "texts": {"s": ("a", "b")}, "None inside": {"s": (None, 1.0)},
          "three": {"s": (0, 1, 2)}, "number as name": {1: (0.0, 1.0)}, "huge": {"s": (0, 10**400)}, "object": NOTHING, "complex": {"s": (0, 1j)}}
FINITE_SPACES = {**SPACES, "infinite": {"s": (0.0, INF)}, "a point": {"s": (1.0, 1.0)}}
CHOICES = {"None": 0, "text": "a", "empty": "", "number": 1.0, "list": [], "object": NOTHING, "array": np.ones(2)}
POINTS = {"None": None, "text": "a", "nan": [NAN], "outside": [99.0], "two": [0.08, 0.08], "complex": [1j], "object": NOTHING, "masked": MASKED, "deep": np.ones((1, 1, 1)), "huge": [10**400]}
SWITCHES = {"None": None, "text": "False", "empty": "", "one": 1, "zero": 0, "number": 0.5, "list": [], "array": np.ones(3), "object": NOTHING}
PATHS = {"None": None, "empty": "", "number": 1.0, "bytes": b"a", "list": [], "object": NOTHING, "a zero inside": "a\0b"}
TEXTS = {"None": None, "number": 1.0, "empty": "", "list": [], "object": NOTHING, "two lines": "a\nb"}
OTHER_FUNCTIONS = {"none": lambda: 1.0, "three": lambda x, y, z: 1.0, "by name": lambda *, x: 1.0}  # of another number of arguments
GIVING = {"None": lambda *_: None, "text": lambda *_: "a", "object": lambda *_: NOTHING, "complex": lambda x, *_: np.ones(np.shape(x)[:1], complex), "texts": lambda x, *_: np.full(np.shape(x)[:1], "a"),
          "more": lambda x, *_: np.ones(7), "generator": lambda *_: (one for one in [1.0]), "two axes": lambda x, *_: np.ones((3, 2))}  # what no function may give
FUNCTIONS = {"None": None, "text": "a", "number": 1.0, "list": [], "object": NOTHING}


THEIRS = ("operand", "ufunc", "broadcast", "positional", "unexpected keyword", "subscriptable", "iterable", "has no len", "attribute", "could not convert", "not supported between", "unpack",
          "truth value", "must be real", "dtype", "cannot be interpreted", "hashable", "int too large", "too large to", "hash")   # the words of Python and NumPy


def cases(calls: Mapping) -> Iterator[tuple[str, str, str]]:
    "Name of the function, argument and kind of every malformed call in a table."
    return ((name, argument, kind) for name, (_, _, broken) in calls.items() for argument, kinds in broken.items() for kind in kinds)


def refused(calls: Mapping, name: str, argument: str, kind: str) -> None:
    "Calls it, and checks that it is refused in one line of ours."
    function, arguments, broken = calls[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises((TypeError, ValueError)) as refusal:
            function(**{**arguments, argument: broken[argument][kind]})
    line = str(refusal.value)
    assert line and "\n" not in line and ": " in line, line
    assert "expected" in line and not any(words in line for words in THEIRS), line
    assert len(line) < 400, line


def checks_of(calls: Mapping, working: Iterable[str] | None = None) -> tuple[Callable, Callable]:
    "Two tests of a table: each malformed call is refused in one line of ours, and the calls themselves (or those named in `working`) are not."
    @pytest.mark.parametrize("name, argument, kind", list(cases(calls)))
    def is_refused(name, argument, kind):
        refused(calls, name, argument, kind)

    @pytest.mark.parametrize("name", list(calls if working is None else working))
    def works(name):
        function, arguments, _ = calls[name]
        function(**arguments)

    return is_refused, works
