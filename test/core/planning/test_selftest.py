"""The self-test passes here, and fails where something is wrong."""

import numpy as np
from ecosecnet.core.planning import selftest


def test_everything_passes_here():
    outcomes = selftest.self_test()
    assert [one for one in outcomes if one.failure] == []
    assert len(outcomes) >= 9


def test_a_wrong_answer_fails(monkeypatch):
    monkeypatch.setattr(selftest, "_breaks", lambda: (np.array([1.0]), np.array([2.0])))
    failed = [one for one in selftest.self_test() if one.failure]
    assert [one.name for one in failed] == ["Natural breaks"]
    assert failed[0].failure == "found [1.], expected [2.]"


def test_a_broken_package_fails_and_the_rest_goes_on(monkeypatch):
    def broken():
        raise ImportError("numpy.core.multiarray failed to import")

    monkeypatch.setattr(selftest, "_mspa", broken)
    monkeypatch.setattr(selftest, "accelerated", lambda: False)
    failed = [one for one in selftest.self_test() if one.failure]
    assert [one.failure for one in failed] == ["ImportError: numpy.core.multiarray failed to import"]
