"""Handlers of XLA's foreign function interface, called as XLA calls them, without XLA."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, Structure, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_void_p
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor_runtime.callables.foreign.xla import Handler, loop_handler, python_handler

# The structures of xla/ffi/api/c_api.h, version 0.3.


def structure(name: str, *fields: tuple[str, Any]) -> Any:
    head = [("struct_size", c_size_t), ("extension_start", c_void_p)]
    return type(name, (Structure,), {"_fields_": [*head, *fields]})


Version = structure("Version", ("major", c_int32), ("minor", c_int32))
Buffer = structure(
    "Buffer", ("dtype", c_int32), ("data", c_void_p), ("rank", c_int64), ("dims", POINTER(c_int64))
)
Listed = structure("Listed", ("size", c_int64), ("types", c_void_p), ("items", c_void_p))
Attributes = structure(
    "Attributes",
    ("size", c_int64),
    ("types", c_void_p),
    ("names", c_void_p),
    ("attrs", c_void_p),
)
ErrorCreate = structure("ErrorCreate", ("message", c_char_p), ("code", c_int32))
CREATE = ctypes.CFUNCTYPE(c_void_p, POINTER(ErrorCreate))
Api = structure("Api", ("version", Version), ("internal", c_void_p), ("create", CREATE))
Frame = structure(
    "Frame",
    ("api", POINTER(Api)),
    ("context", c_void_p),
    ("stage", c_int32),
    ("arguments", Listed),
    ("results", Listed),
    ("attributes", Attributes),
    ("future", c_void_p),
)


class Metadata(Structure):
    _fields_ = (
        ("struct_size", c_size_t),
        ("version", Version),
        ("traits", c_uint32),
        ("state", c_int64),
    )


class Extension(Structure):
    _fields_ = (
        ("struct_size", c_size_t),
        ("type", c_int32),
        ("next", c_void_p),
        ("metadata", POINTER(Metadata)),
    )


class Caller:
    """XLA's side."""

    def __init__(self, minor: int = 3) -> None:
        self.errors: list[tuple[str, int]] = []

        def create(given: Any) -> int:
            self.errors.append((given[0].message.decode(), given[0].code))
            return 4711

        self.api = Api(create=CREATE(create))
        self.api.version.minor = minor

    def frame(self) -> Any:
        return Frame(struct_size=ctypes.sizeof(Frame), api=ctypes.pointer(self.api))

    def call(
        self, handler: Handler, arguments: Sequence[np.ndarray], results: Sequence[np.ndarray]
    ) -> int | None:
        """What the handler returns."""
        frame, kept = self.frame(), []
        for listed, arrays in ((frame.arguments, arguments), (frame.results, results)):
            buffers = [Buffer(data=array.ctypes.data) for array in arrays]
            places = (c_void_p * max(len(buffers), 1))(*map(ctypes.addressof, buffers))
            listed.size, listed.items = len(buffers), ctypes.addressof(places)
            kept += [buffers, places]
        found: int | None = entry(handler)(ctypes.addressof(frame))
        return found


def entry(handler: Handler) -> Any:
    return ctypes.CFUNCTYPE(c_void_p, c_void_p)(handler.address)


def made(outputs: Any, inputs: Any, precision: str = "float64") -> Handler:
    f = ty.compile(outputs, inputs, precision=precision)
    shapes = [e.shape for e in f.inputs], [e.shape for e in f.outputs]
    found = loop_handler(f.code, *shapes)
    assert found is not None
    return found


X, M = ty.variable("x"), ty.variable("m", shape=(40, 40))


def test_it_tells_what_it_is_of_xla_s_own_version() -> None:
    handler = made(X**2, [X])
    for minor, size in ((3, 48), (9, 64), (1, 40)):
        caller = Caller(minor)
        told = Metadata(struct_size=size, state=-7, traits=5)
        told.version.major = told.version.minor = 99
        asks = Extension(struct_size=32, type=1, metadata=ctypes.pointer(told))
        frame = caller.frame()
        frame.extension_start = ctypes.addressof(asks)
        assert entry(handler)(ctypes.addressof(frame)) is None
        assert (told.version.major, told.version.minor, told.traits) == (0, minor, 0)
        assert told.state == (0 if size >= 48 else -7)  # which smaller ones do not have
        told.version.minor, asks.type = 99, 2
        assert entry(handler)(ctypes.addressof(frame)) is None
        assert told.version.minor == 99  # another extension asks nothing of it


@pytest.mark.parametrize(("precision", "dtype"), [("float64", np.float64), ("float32", np.float32)])
def test_elements_and_arrays_come_from_xla_s_memory(precision: str, dtype: Any) -> None:
    caller = Caller()
    v = ty.variable("v", shape=(3,))  # small enough to be spelled out
    handler = made([v[0] * v[2] + X, v + X], [v, X], precision)
    given = np.array([1.0, 2.0, 3.0], dtype), np.array(0.5, dtype)
    results = np.zeros((), dtype), np.zeros(3, dtype)
    assert caller.call(handler, given, results) is None
    assert results[0] == 3.5
    np.testing.assert_array_equal(results[1], [1.5, 2.5, 3.5])

    large = made([M @ M, M.sum()], [M], precision)
    m = np.random.default_rng(0).normal(size=(40, 40)).astype(dtype)
    product, total = np.zeros((40, 40), dtype), np.zeros((), dtype)
    assert caller.call(large, [m], [product, total]) is None
    tolerance = 1e-13 if dtype is np.float64 else 1e-5
    np.testing.assert_allclose(product, m @ m, rtol=0, atol=40 * tolerance)
    np.testing.assert_allclose(total, m.sum(), rtol=0, atol=400 * tolerance)
    assert not caller.errors


def test_other_numbers_of_arrays_are_an_error() -> None:
    caller, handler = Caller(), made(X**2, [X])
    place = np.zeros(())
    assert caller.call(handler, [place, place], [place]) == 4711
    assert caller.call(handler, [place], []) == 4711
    assert [code for _, code in caller.errors] == [3, 3]
    assert "other arrays than it is made for" in caller.errors[0][0]


def test_python_s_exceptions_are_errors_with_their_words() -> None:
    def run(a: np.ndarray, b: float) -> list[Any]:
        assert type(b) is float
        if b > 1:
            raise ValueError("b is too much: é")
        return [a * b, b, np.zeros(0)]

    pair, single, empty = ((2,), "float64"), ((), "float64"), ((0,), "float64")
    caller, handler = Caller(), python_handler(run, [pair, single], [pair, single, empty])
    a, b = np.array([1.0, 2.0]), np.array(0.5)
    results = np.zeros(2), np.zeros(()), np.zeros(0)
    assert caller.call(handler, [a, b], results) is None
    np.testing.assert_array_equal(results[0], [0.5, 1.0])
    assert results[1] == 0.5
    b[()] = 2.0
    assert caller.call(handler, [a, b], results) == 4711
    assert caller.errors == [("ValueError: b is too much: é", 13)]
    assert not handler.digest


def test_digests_tell_what_is_computed() -> None:
    same = made(ty.sin(X) * 2, [X]), made(ty.sin(X) * 2, [X])
    assert same[0].digest == same[1].digest != made(ty.sin(X) * 3, [X]).digest
    numbers = np.arange(1600.0).reshape(40, 40)
    constants = made(M * numbers, [M]), made(M * (numbers + 1), [M])
    assert constants[0].digest != constants[1].digest
