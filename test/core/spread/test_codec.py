"""Values come back as they were, and nothing else comes in."""

import io
import json
import os
import threading
from dataclasses import dataclass

import numpy as np
import pytest
from ecosecnet.core.choices import Average
from ecosecnet.core.circuit import Condition
from ecosecnet.core.spread import codec
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
arrays = hn.arrays(
    st.sampled_from(["<f8", "<f4", "<i8", "?", "<U3"]), hn.array_shapes(min_dims=0, max_side=4, min_side=0)
)
values = st.recursive(
    plain | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.integers() | st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_values_come_back_as_they_were(value):
    np.testing.assert_equal(codec.unpack(codec.pack(value)), value)


def test_members_and_data_classes_of_the_core_come_back():
    sent = {
        (1, 2): Condition(np.eye(3), lower=-np.inf, upper=2.5),
        "mean": Average.CONDUCTANCE,
        "part": slice(1, None),
        "number": np.float32(0.1),
    }
    got = codec.unpack(codec.pack(sent))
    assert got["mean"] is Average.CONDUCTANCE
    assert got["part"] == slice(1, None)
    assert type(got["number"]) is np.float32
    np.testing.assert_array_equal(got[1, 2].present, np.eye(3))
    assert (got[1, 2].future, got[1, 2].lower, got[1, 2].upper) == (None, -np.inf, 2.5)


def test_the_order_in_memory_is_kept():
    got = codec.unpack(codec.pack(np.asfortranarray(np.arange(6.0).reshape(2, 3))))
    assert got.flags.f_contiguous
    assert not got.flags.c_contiguous


def test_large_arrays_pass_through_a_pipe():
    array = np.arange(300_000.0)
    out, into = os.pipe()
    with os.fdopen(out, "rb") as reader, os.fdopen(into, "wb") as writer:
        thread = threading.Thread(target=lambda: (codec.write(writer, [array, array[:3]]), writer.flush()))
        thread.start()
        got = codec.read(reader)
        thread.join()
    np.testing.assert_array_equal(got[0], array)
    np.testing.assert_array_equal(got[1], array[:3])


@pytest.mark.parametrize("value", [object(), {1}, np.array([None]), np.array(["a", 1], dtype=object), len])
def test_other_values_are_refused(value):
    with pytest.raises(TypeError, match="cannot be passed to another process"):
        codec.pack({"one": [value]})


@dataclass
class Foreign:
    """No class of the core."""

    value: int


def test_only_classes_of_the_core_are_made():
    with pytest.raises(ValueError, match="no kind of value of the core"):
        codec.unpack(codec.pack(Foreign(1)))
    for name in (".monitor:Monitor", ".spread.codec:os", "os:system", ".circuit.graph:raster_graph"):
        text = json.dumps([{"dataclass": [name, {}]}, 0]).encode()
        with pytest.raises((ValueError, AttributeError)):
            codec.unpack(len(text).to_bytes(8, "big") + text)


def test_a_stream_that_ends_early_is_no_value():
    packed = codec.pack([1, np.eye(2)])
    for size in (0, 4, 12, len(packed) - 1):
        with pytest.raises((EOFError, ValueError)):
            codec.read(io.BytesIO(packed[:size]))
