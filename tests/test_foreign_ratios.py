"""Ratios that are not ours: what they answer is looked at, and the names of features are compared inside sums and mixtures."""

import numpy as np
import pytest

import lrguide as lr
from lrguide.algebra import tabulated

X = np.linspace(-1, 1, 11)


class Answer:
    """A ratio, or a classifier, that gives what it was told."""

    def __init__(self, answer):
        self.answer = answer
        self.log_ratio = self.decision_function = lambda x, nu=None: answer(x)


ANSWERS = {"one number": lambda x: 1.1, "NaN somewhere": lambda x: np.where(x[:, 0] > 0, np.nan, 1.0), "infinite": lambda x: np.full(len(x), np.inf),
           "a column": lambda x: x[:, :1, None], "text": lambda x: np.full(len(x), "a"), "complex": lambda x: x[:, 0] * 1j, "too few": lambda x: x[1:, 0],
           "nothing": lambda x: None}
USES = {"FromFunction": lambda answer: lr.FromFunction(answer).log_ratio(X),
        "Combined": lambda answer: lr.Combined([(1.0, Answer(answer))]).log_ratio(X),
        "one of two": lambda answer: lr.Combined([(1.0, lr.FromFunction(lambda x: x[:, 0])), (1.0, Answer(answer))]).log_ratio(X),
        "Mixture": lambda answer: lr.Mixture({"a": (1.0, Answer(answer)), "b": (1.0, None)}).log_ratio(X),
        "tabulated": lambda answer: tabulated(Answer(answer), X),
        "diagnose": lambda answer: lr.diagnose(Answer(answer), lr.Table(np.arange(200.0) - 100), lr.Table(np.arange(200.0) - 100)),
        "from_scores": lambda answer: lr.from_scores(Answer(answer), lr.Table(np.arange(200.0) - 100), lr.Table(np.arange(200.0) - 100))}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("use", USES)
def test_an_answer_that_is_none_is_refused(use, answer):
    with pytest.raises((TypeError, ValueError)) as refused:
        USES[use](ANSWERS[answer])
    assert str(refused.value).startswith(("function:", "log_ratio:", "score:")) and "\n" not in str(refused.value)


def test_an_impossible_numerator_is_an_answer():
    with np.errstate(divide="ignore"):
        ratio = lr.FromFunction(lambda x: np.log(np.maximum(x[:, 0], 0)))
        assert ratio.log_ratio(X)[0] == -np.inf
        np.testing.assert_allclose(lr.Mixture({"a": (1.0, ratio), "b": (3.0, None)}).log_ratio(X)[0], np.log(0.75))


def test_less_than_nothing_is_refused():
    with pytest.raises(ValueError, match="^parts: .* 11 events"):
        lr.Mixture({"a": (1.0, lr.FromFunction(lambda x: x[:, 0])), "b": (-0.9, None)}).log_ratio(X)


class Named(Answer):
    names = ("mass", "angle")


def test_names_in_sums_and_mixtures():
    ratio = Named(lambda x: 10 * x[:, 0] + x[:, 1])
    plain, right = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([12.0, 34.0])
    columns = {"angle": plain[:, 1], "mass": plain[:, 0]}                       # the same, the other way round
    for made in (lr.Combined([(1.0, ratio)]), lr.Mixture({"only": (1.0, ratio)}), lr.Combined([(1.0, ratio, [0, 1])]),
                 lr.Combined([(0.5, lr.Combined([(2.0, ratio)]))])):
        assert made.log_ratio(columns).tolist() == made.log_ratio(plain).tolist() == right.tolist()
        for wrong in ({"mass": [1.0], "other": [2.0]}, {"mass": [1.0], "angle": [2.0], "more": [3.0]}):
            if not (getattr(made, "terms", None) and made.terms[0][-1] and len(wrong) == 3):
                with pytest.raises(ValueError, match="^x: expected the features mass, angle"):
                    made.log_ratio(wrong)
    assert lr.Combined([(1.0, ratio), (1.0, Named(lambda x: x[:, 0]))]).log_ratio(columns).tolist() == (right + plain[:, 0]).tolist()


@pytest.mark.parametrize("unit", [1e155, 1e-200])
def test_the_unit_of_a_feature_does_not_matter(unit):
    rng = np.random.default_rng(1)
    x = [rng.normal(mean, 1, (2000, 1)) for mean in (1.0, 0.0)]
    settings = dict(members=1, hidden=(8,), training=lr.Training(epochs=3), rng=1)
    plain, scaled = (lr.Ratio(**settings).fit(*(lr.Table(u * each) for each in x)) for u in (1.0, unit))
    at = np.linspace(-1, 2, 7)
    assert np.ptp(plain.log_ratio(at)) > 0.3
    np.testing.assert_allclose(scaled.log_ratio(unit * at), plain.log_ratio(at), atol=1e-3)
