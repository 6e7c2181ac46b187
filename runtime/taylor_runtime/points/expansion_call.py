"""Expansions of one point, or of one polynomial, past NumPy's machinery: one built-in function that
serves all of them, as `array_call` does functions of arrays.

Operands are plain floats, and where their size is not 1 contiguous coefficients of shape (1, size).
They are copied side by side to where the machine code reads them, for each lane of its block; the
result is an array of the caller's own.  Where a coefficient of it is not finite, the long way has
to say what that means: it is called instead, as it is for any other operands.

The GIL is held all the time, so that the memory for operands and work serves all threads; nothing
in between calls Python.

What a function takes and returns is data, of int64, so that this is compiled once, for all:

    0 operands   1 address of the expansion   2 lanes of a block   3 its tables
    4 memory for the operands   5 memory for the work   6 whether coefficients are left untouched
    7 whether the result may be written to   8 its elements   9 its axes
    10 for each operand its place and its size, then the shape of the result

`self` is a tuple: the data, and what is called for all else (or None: it returns None).
"""

from __future__ import annotations

from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I1, I64, PTR
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.points import python_objects as objects

EXPANSION_CALL = "taylor.expansion_call"
MOST = 64  # operands
OPERANDS, EACH = 10, 2
_FUNCTIONS = {
    "PyFloat_AsDouble": "double @PyFloat_AsDouble(ptr)",
    "Py_DecRef": "void @Py_DecRef(ptr)",
}
_FILL = "llvm.memset.p0.i64"


def externals() -> dict[str, int]:
    """Addresses that the module is linked with; none where it cannot be used."""
    return objects.symbols(*_FUNCTIONS)


def expansion_call_module() -> str:
    """IR text of PyObject *taylor.expansion_call(PyObject *self, PyObject *const *args,
    Py_ssize_t)."""
    module = Module()
    objects.declare(module, _FUNCTIONS)
    module.declare(_FILL, f"declare void @{_FILL}(ptr, i8, i64, i1)")
    parameters = [("ptr", "self"), ("ptr", "args"), ("i64", "count")]
    with define_function(module, EXPANSION_CALL, "ptr", parameters, "nounwind") as (b, given):
        call = _Call(b, *given)

        def otherwise() -> list[Value]:
            return [objects.call_otherwise(b, *given)]

        def again(found: Value) -> list[Value]:
            b.line(f"call void @Py_DecRef(ptr {found.text})")
            return otherwise()

        def finish(found: Value) -> list[Value]:
            call.fill(found)
            return b.if_(call.is_finite(found), lambda: [found], lambda: again(found))

        def answer() -> list[Value]:
            found = call.room()
            made = b.ne(found, Value(b, PTR, "null"))
            return b.if_(made, lambda: finish(found), lambda: [found])

        b.ret(b.if_(call.takes_all(), answer, otherwise)[0])
    return module.text()


class _Call:
    """Writes the parts of a call."""

    def __init__(self, b: Builder, own: Value, args: Value, count: Value) -> None:
        self.b, self.args, self.count = b, args, count
        self.facts = objects.data_of(b, objects.item(b, own, 0))
        self.operands, _, self.lanes = (self._fact(k) for k in range(3))
        self.elements = self._fact(8)
        self.numbers = b.alloca("double", MOST)  # operands that are no arrays
        self.places = b.alloca("ptr", MOST)

    def _fact(self, place: Index) -> Value:
        return self.b.load(I64, self.b.at(self.facts, place, "i64"))

    def _address(self, place: int) -> Value:
        return self.b.emit(PTR, f"inttoptr i64 {self._fact(place).text} to ptr")

    def _size(self, k: Index) -> Value:
        return self._fact(self._like(k) * EACH + (OPERANDS + 1))

    def _like(self, k: Index) -> Value:
        return self.b.like(self.count, k)

    # -- operands -------------------------------------------------------------------------------

    def takes_all(self) -> Value:
        """i1: whether all operands are as expected; `places` then has where they are."""
        b = self.b

        def one(carried: list[Value]) -> list[Value]:
            return [carried[0] + 1, self._takes(carried[0])]

        start = [b.constant(0, I64), b.eq(self.count, self.operands)]
        return b.while_(start, lambda c: c[1] & (c[0] < self.operands), one)[1]

    def _takes(self, k: Value) -> Value:
        b = self.b
        argument = b.load(PTR, b.at(self.args, k, "ptr"))
        size, kept = self._size(k), b.at(self.places, k, "ptr")
        refused = b.constant(False, I1)

        def array() -> list[Value]:
            plain, lengths = objects.is_ordinary(b, argument, b.constant(2, I64))
            return [b.if_(plain, lambda: coefficients(lengths), lambda: [refused])[0]]

        def coefficients(lengths: Value) -> list[Value]:
            b.store(objects.data_of(b, argument), kept)
            parts, own = (b.load(I64, b.at(lengths, axis, "i64")) for axis in range(2))
            return [b.eq(parts, 1) & b.eq(own, size) & b.ne(size, 1)]

        def number() -> list[Value]:
            fits = objects.is_float(b, argument) & b.eq(size, 1)
            return [b.if_(fits, store, lambda: [refused])[0]]

        def store() -> list[Value]:
            place = b.at(self.numbers, k, "double")
            b.store(b.call(F64, "PyFloat_AsDouble", argument), place)
            b.store(place, kept)
            return [b.constant(True, I1)]

        return b.if_(objects.has_type(b, argument, objects.ARRAY), array, number)[0]

    # -- the result -----------------------------------------------------------------------------

    def room(self) -> Value:
        """A new array; null where there was no memory for one."""
        shape = self.b.at(self.facts, self.operands * EACH + OPERANDS, "i64")
        return objects.new_array(self.b, self._fact(9), shape)

    def fill(self, found: Value) -> None:
        """What is computed, put in an array."""
        b, data = self.b, objects.data_of(self.b, found)
        b.fold(0, self.operands, [], self._copy)

        def clear() -> list[Value]:
            size = self.elements * 8
            b.line(f"call void @{_FILL}(ptr {data.text}, i8 0, i64 {size.text}, i1 false)")
            return []

        b.if_(b.ne(self._fact(6), 0), clear)
        code, tables, given, work = (self._address(k) for k in (1, 3, 4, 5))
        spans = f"i64 {self.lanes.text}, i64 0, i64 1"
        rest = f"ptr {tables.text}, ptr {work.text}"
        b.line(f"call void {code.text}(ptr {given.text}, ptr {data.text}, {spans}, {rest})")
        objects.let_write(b, found, b.ne(self._fact(7), 0))

    def _copy(self, k: Index, _: list[Value]) -> list[Value]:
        """An operand to its place, for each lane."""
        b = self.b
        source = b.load(PTR, b.at(self.places, k, "ptr"))
        place = self._fact(self._like(k) * EACH + OPERANDS)
        first = b.at(self._address(4), place * self.lanes, "double")

        def one(i: Index, _: list[Value]) -> list[Value]:
            value = b.load(F64, b.at(source, i, "double"))

            def spread(lane: Index, _: list[Value]) -> list[Value]:
                b.store(value, b.at(first, self._like(i) * self.lanes + lane, "double"))
                return []

            return b.fold(0, self.lanes, [], spread)

        return b.fold(0, self._size(k), [], one)

    def is_finite(self, found: Value) -> Value:
        """i1: whether all numbers of an array are; the lanes of a block have the same ones."""
        b, data = self.b, objects.data_of(self.b, found)
        exponents = b.constant(0x7FF << 52, I64)

        def one(carried: list[Value]) -> list[Value]:
            bits = b.load(I64, b.at(data, carried[0], "i64"))
            return [carried[0] + self.lanes, carried[1] & b.ne(bits & exponents, exponents)]

        start = [b.constant(0, I64), b.constant(True, I1)]
        return b.while_(start, lambda c: c[0] < self.elements, one)[1]
