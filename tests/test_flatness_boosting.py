"""What benchmarks/flatness.json says of itself has to be so: spectra that pass, and templates that are shares."""

import json

import numpy as np
import pytest

from lrguide.run import NOTEBOOKS

PEER = json.loads((NOTEBOOKS.parent / "benchmarks" / "flatness.json").read_text())


@pytest.mark.parametrize("row", [*PEER["rows"], PEER["uboost"]], ids=lambda row: str(row.get("coefficient", "uBoost")))
def test_half_of_the_signal_passes_and_one_background_event_in_the_rejection(row):
    # trees give many events the same score; those at the cut fail, and a few jets lie outside the bins of mass
    assert 0.48 < sum(row["signal"]) <= 0.5
    np.testing.assert_allclose(sum(row["background"]) / sum(row["signal"]), 2 / row["rejection"][0], rtol=0.05)


def test_the_coefficients_of_the_text_are_there():
    assert {0, 3, 50, 200} <= {row["coefficient"] for row in PEER["rows"]}


@pytest.mark.parametrize("name", PEER["measurement"]["methods"])
def test_templates_are_shares_of_everything_with_slopes_that_cancel(name):
    grid = np.array(PEER["measurement"]["grid"])
    nominal = np.flatnonzero(np.isclose(grid, PEER["measurement"]["r"])).item()
    step = grid[nominal + 1] - grid[nominal - 1]
    for one in PEER["measurement"]["methods"][name]["templates"]:
        signal, background, slope, at_r = (np.array(one[kind]) for kind in ("signal", "background", "slope", "at_r"))
        np.testing.assert_allclose([signal.sum(), background.sum()], 1, atol=1e-4)
        np.testing.assert_allclose(slope.sum(), 0, atol=1e-4)
        np.testing.assert_allclose(at_r[nominal], background, atol=1e-6)
        np.testing.assert_allclose((at_r[nominal + 1] - at_r[nominal - 1]) / step, slope, atol=1e-4)  # a difference, with an error of the step squared
        assert signal.min() > 0 and at_r.min() >= 0
