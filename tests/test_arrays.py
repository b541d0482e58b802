"""What a user hands in is checked once, and cannot change afterwards."""

import copy
import pickle
import threading

import numpy as np
import pytest

import lrguide as lr
from lrguide import arrays
from lrguide.arrays import Ranges, Table, aligned, as_table, check_events, is_checked, join, split
from lrguide.files import chunks
from lrguide.models import draw

TOY = lr.Resonance(sigma=0.08)


@pytest.fixture
def checked(monkeypatch):
    """The arrays that were looked at for NaN and infinite values, in order."""
    seen, original = [], arrays._refuse_not_finite

    def watched(array, name):
        seen.append(array)
        original(array, name)
    monkeypatch.setattr(arrays, "_refuse_not_finite", watched)
    return seen


def likelihood():
    return lr.Likelihood({"signal": lr.Process(50, TOY, TOY), "background": lr.Process(1000, None, TOY)}, strength={"mu": "signal"})


def data_set():
    return np.concatenate([TOY.sample("signal", 50, 1).x, TOY.sample("background", 1000, 2).x])


@pytest.mark.parametrize("call", [lambda x: lr.p_value(likelihood(), x, {"mu": 0.0}, {"mu": 1.0}, "exact"),
                                  lambda x: lr.cls_value(likelihood(), x, {"mu": 1.0}, {"mu": 0.0}, "exact"),
                                  lambda x: lr.limit(likelihood(), x)], ids=["p_value", "cls_value", "limit"])
def test_a_data_set_is_checked_once(call, checked):
    x = data_set()
    del checked[:]
    call(x)
    assert sum(array.shape[0] == len(x) and np.array_equal(array.ravel(), x.ravel()) for array in checked) == 1
    # besides: nodes and weights of two processes, under at most two hypotheses, each looked at once
    nodes = [array for array in checked if len(array) != len(x)]
    assert len(checked) == len(nodes) + 1 and sum(map(len, nodes)) <= 8 * 100_000
    assert len({array.__array_interface__["data"][0] for array in nodes}) == len(nodes)
    table = as_table(x)
    del checked[:]
    call(table)
    assert not [array for array in checked if len(array) == len(x)]


def test_a_model_checks_a_sample_once(checked):
    plain = np.array(data_set())
    table = Table(plain)
    del checked[:]
    for _ in range(3):
        TOY.log_density("signal", table.x), TOY.log_ratio(table.x[:100]), likelihood().nll(table, {"mu": 1.0})
    assert not checked
    TOY.log_ratio(plain)
    assert len(checked) == 1


def test_what_can_still_change_does_not_count_as_checked():
    x = np.ones((4, 2))
    read_only = x.view()
    read_only.flags.writeable = False
    owner = np.ones((4, 2))
    owner.flags.writeable = False                           # its owner may set the flag again
    foreign = np.frombuffer(np.ones(8).tobytes()).reshape(4, 2)        # cannot change, but nobody has looked at it
    kept = check_events(x)
    for array in (x, read_only, owner, foreign, kept.copy(), kept[[0, 1]], kept.view(np.int64), kept.astype(np.float32), None, [1.0]):
        assert not is_checked(array)
    for array in (kept, kept[1:], kept[:, 0], kept.T, kept.reshape(2, 4), np.broadcast_to(kept[0], (5, 2)), kept[:0]):
        assert is_checked(array)
        with pytest.raises(ValueError):
            array.flags.writeable = True
    with pytest.raises(ValueError, match="NaN"):
        foreign = np.frombuffer(np.full(8, np.nan).tobytes()).reshape(4, 2)
        check_events(foreign)


def test_memory_is_shared_where_it_can_be():
    table = Table(np.ones((100, 3)), np.ones((100, 1)), np.ones(100), {"mass": np.ones((100, 2))})
    part = table[10:20]
    for whole, cut in ((table.x, part.x), (table.nu, part.nu), (table.weight, part.weight), (table.also["mass"], part.also["mass"])):
        assert np.shares_memory(whole, cut) and is_checked(cut)
    assert Table(table.x, table.nu, table.weight, table.also).x is table.x
    one = Table(np.ones((100_000, 1)), nu=0.5)
    assert one.nu.strides[0] == 0                           # one point for all events costs no memory


def test_pieces_joins_and_splits_check_nothing_again(checked):
    table = Table({"a": np.arange(10.0), "b": np.arange(10.0)}, weight=np.ones(10), also={"c": np.arange(10)})
    del checked[:]
    parts = split(table, 0.3, 1)
    again = join(*parts, *chunks(table, 4))
    assert not checked and again.names == ("a", "b") and np.array_equal(again.x[:, 0], again.also["c"])


@pytest.mark.parametrize("copied", [lambda table: pickle.loads(pickle.dumps(table)), copy.deepcopy, copy.copy])
def test_copies(copied):
    table = Table({"a": [1.0, 2.0]}, weight=[1.0, 2.0], also={"m": [3.0, 4.0]})
    again = copied(table)
    assert again.names == ("a",) and is_checked(again.x) and is_checked(again.weight) and is_checked(again.also["m"])
    ranges = Ranges({"sigma": (0.02, 0.16), "mu": (0, np.inf)})
    assert copied(ranges) == ranges and list(copied(ranges)) == ["sigma", "mu"]


def test_a_change_during_the_check_is_not_missed():
    x, stop = np.zeros(200_000), threading.Event()

    def change():
        while not stop.is_set():
            x[-1] = np.nan
            x[-1] = 0.0
    other = threading.Thread(target=change)
    other.start()
    try:
        for _ in range(50):
            try:
                assert np.isfinite(check_events(x)).all()
            except ValueError:
                pass
    finally:
        stop.set()
        other.join()


class Frame:
    """As much of a data frame as is asked of one."""

    def __init__(self, columns):
        self.columns, self._columns = list(columns), {name: np.asarray(column) for name, column in columns.items()}

    def __getitem__(self, name):
        return self._columns[name]

    def __len__(self):
        return len(next(iter(self._columns.values())))


def arrow(columns):
    return pytest.importorskip("pyarrow").table(columns)


def records(columns):
    return np.array(list(zip(*columns.values())), dtype=[(name, np.asarray(column).dtype) for name, column in columns.items()])


@pytest.mark.parametrize("kind", [dict, Frame, arrow, records])
def test_named_columns(kind):
    columns = {"mass": [80.0, 91.0, 125.0], "jets": [1, 2, 3], "angle": [0.1, 0.2, 0.3]}
    table = as_table(kind(columns))
    assert table.names == ("mass", "jets", "angle") and np.array_equal(table.x, np.column_stack(list(columns.values())))
    permuted = kind({name: columns[name] for name in ("angle", "mass", "jets")})
    assert np.array_equal(aligned(permuted, table.names).x, table.x)
    assert np.array_equal(aligned(as_table(permuted), table.names).x, table.x)
    assert np.array_equal(join(table, as_table(permuted)).x[3:], table.x)
    assert [part.names for part in chunks(iter([kind(columns), permuted]))] == [table.names] * 2
    assert Table(kind(columns), names=["angle", "mass"]).x.tolist() == [[0.1, 80.0], [0.2, 91.0], [0.3, 125.0]]
    other = kind({"mass": [80.0], "jets": [1], "charge": [1]})
    with pytest.raises(ValueError, match="mass, jets, angle, got mass, jets, charge"):
        aligned(other, table.names)
    with pytest.raises(ValueError, match="mass, jets, angle"):
        join(table, as_table(other))


@pytest.mark.parametrize("bad", [np.ma.masked_equal([0.1, -999.0], -999.0), ["1.5", "2.5"], [1j, 2.0], [0.1, None], [b"1", b"2"],
                                 np.array(["2026-11-01"], dtype="M8[D]"), np.array([0.1, 0.2], dtype=object), [[0.1], [0.2, 0.3]],
                                 [np.ma.masked_equal([0.1, -999.0], -999.0)], "1.5", 1.5, object(), np.nan])
def test_input_that_is_no_sample(bad):
    for call in (lambda: Table(bad), lambda: as_table(bad), lambda: Table([0.1, 0.2], weight=bad), lambda: TOY.log_ratio(bad),
                 lambda: Table([0.1, 0.2], also={"m": bad}), lambda: lr.p_value(likelihood(), bad, {"mu": 0.0}, {"mu": 1.0})):
        with pytest.raises((TypeError, ValueError)) as refused:
            call()
        assert ": expected " in str(refused.value) and "\n" not in str(refused.value)


def test_draw_from_the_exact_model():
    one, same = (draw(TOY, {"signal": 50.0, "background": 1000.0}, 3) for _ in range(2))
    assert np.array_equal(one.x, same.x) and one.weight is None and one.nu is None
    model = lr.Resonance(sigma=None)
    narrow = draw(model, {"signal": 2000.0}, 3, values={"sigma": 0.02}).x
    assert abs(np.std(narrow) - 0.02) < 5 * 0.02 / np.sqrt(2 * len(narrow))
    with pytest.raises(ValueError, match="sigma"):
        draw(model, {"signal": 2000.0}, 3)
