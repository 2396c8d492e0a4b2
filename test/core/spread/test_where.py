"""How many processes are started."""

import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.spread import cores, how_many


class Listener(Monitor):
    def __init__(self):
        self.said = []

    def warn(self, text):
        self.said.append(text)


def asked(count, **more):
    listener = Listener()
    return how_many(count, monitor=listener, **more), listener.said


def test_as_many_as_asked_for_where_they_fit():
    assert asked(1, there=1) == (1, [])
    assert asked(3, there=4, bytes_each=1e9, available=3e9) == (3, [])
    assert asked(3, there=4, bytes_each=1e9, available=None) == (3, [])


@pytest.mark.parametrize(("there", "count"), [(1, 1), (2, 1), (8, 7)])
def test_zero_leaves_one_core(there, count):
    assert asked(0, there=there) == (count, [])


def test_more_than_the_cores_is_reported():
    count, said = asked(64, there=2)
    assert count == 2
    assert said == ["64 processes were asked for, and there are 2 cores: 2 are used."]


def test_as_many_as_the_memory_holds():
    count, said = asked(8, there=8, bytes_each=2 * 2**30, available=5 * 2**30)
    assert count == 2
    assert said == ["8 processes need about 16,384 MB of memory, and 5,120 MB are available: 2 are used."]
    assert asked(2, there=2, bytes_each=2**31, available=2**30)[0] == 1


def test_a_negative_number_is_refused():
    with pytest.raises(InputError, match="is -1"):
        how_many(-1, there=2)


def test_there_is_a_core():
    assert cores() >= 1
