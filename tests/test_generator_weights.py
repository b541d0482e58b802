"""Weights of the generator: what would be wrong without a word is refused, and what is right stays right."""

import numpy as np
import pytest

pytest.importorskip("pythia8mc")

from lrguide.collider import WEIGHTABLE, direct_settings, generate, generate_varied, weight_report, weightable

RHO, A = "StringFlav:probStoUD", "StringZ:aLund"


@pytest.mark.parametrize("variations, words", [
    (None, "at least one"), ({}, "at least one"), ({"a": {}}, "at least one setting"), (3, "mapping by name"), ({"a": 3}, "mapping by name"),
    ({"a": {"frag:rho": 0.3}}, f"did you mean {RHO}"), ({"a": {"StringFlav:popcornRate": 0.5}}, "settings that have weights"),
    ({"a": {"TimeShower:alphaSvalue": 0.14}}, "settings that have weights"), ({"a": {RHO: 1.5}}, r"\[0.0, 1.0\]"), ({"a": {RHO: float("nan")}}, RHO),
    ({RHO: {RHO: 0.3}}, "no setting's"), ({"": {RHO: 0.3}}, "names in variations")])
def test_a_variation_without_a_weight_is_refused(variations, words):
    with pytest.raises((TypeError, ValueError), match=words) as refusal:
        generate_varied("Z", 10, variations, {RHO: 0.2}, rng=1)
    assert "expected" in str(refusal.value) and "\n" not in str(refusal.value) and len(str(refusal.value)) < 400


@pytest.mark.parametrize("name, value", [("StringFlav:popcornRate", 0.5), ("stringflav:popcornrate", 1.0), ("VariationFrag:zHead", 1.0), ("StringZ:useOldAExtra", False),
                                         ("ClosePacking:doClosePacking", True), ("Ropewalk:doFlavour", True), ("PartonShowers:model", 2), ("PartonShowers:model", [1, 2]),
                                         ("VariationFrag:List", "{a frag:rho=0.3}"), ("Tune:ee", 3), ("StringPT:closePacking", True)])
def test_settings_that_break_weights_are_refused(name, value):
    with pytest.raises(ValueError, match="settings: expected"):
        generate_varied("Z", 10, {"a": {RHO: 0.3}}, {name: value}, rng=1)


def test_a_sample_and_its_direct_partner_have_the_same_settings():
    made = generate_varied("Z", 40, {"a b, c=d": {RHO: 0.3}, "again": {RHO: 0.3}, "two": {A: 0.6, RHO: 0.3}}, {"TimeShower:alphaSvalue": 0.14}, rng=1)
    np.testing.assert_array_equal(made.also["a b, c=d"], made.also["again"])
    assert list(made.also) == ["a b, c=d", "again", "two"] and made[:3].also["two"].shape == (3,)
    assert direct_settings(made, "two") == weightable({"TimeShower:alphaSvalue": 0.14}) | {A: 0.6, RHO: 0.3}
    assert generate("Z", 5, direct_settings(made, "two"), rng=1).facts["settings"].items() >= WEIGHTABLE.items()


def test_weights_follow_a_setting_with_several_values():
    made = generate_varied("Z", 40, {"a": {RHO: 0.2}}, {RHO: [0.2, 0.3]}, rng=1)
    assert (made.also["a"][:20] == 1).all() and (made.also["a"][20:] != 1).any()


def test_weights_of_what_never_happens_are_told():
    "Where no strange quark is ever made, events that have one from elsewhere get infinite weights."
    with pytest.raises(ValueError, match=r"variation a: expected finite weights, got \d+ of 400 that are not"):
        generate_varied("Z", 400, {"a": {RHO: 0.3}}, {RHO: 0.0}, rng=1)


def test_events_with_weights_of_their_own_are_refused():
    settings = {"PhaseSpace:bias2Selection": True}
    with pytest.raises(ValueError, match="count as one"):
        generate_varied("dijets", 5, {"a": {RHO: 0.3}}, settings, rng=1)


@pytest.mark.parametrize("weight", [None, [], [1.0], [1.0, -1.0], [1.0, float("nan")], np.ones((2, 2)), "a"])
def test_what_is_no_sample_of_weights_has_no_report(weight):
    with pytest.raises((TypeError, ValueError), match="weight: expected"):
        weight_report(weight)
