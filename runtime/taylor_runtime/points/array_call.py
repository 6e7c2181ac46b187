"""Calls with arrays, past NumPy's machinery: one built-in function that serves all programs.

NumPy takes 0.5 us to enter a generalised ufunc, and Python as much to check what it is given.  Here
the arrays' own fields are looked at, results are made by NumPy's functions, and the loop of the
ufunc is called for one point.  Anything out of the ordinary is handed on to a Python function.

What a function takes and returns is data, of int64, so that this is compiled once, for all:

    0 operands in   1 results   2 address of the loop   3 whether results are a tuple in any case
    4 dimensions: 1 point, and what the loop of rows asks for (two numbers)
    7 for each operand and result four numbers: axes, position of its shape in the data, pointers
      that the loop wants for it (one, or one for each element), and of a result an item of `self`
      that makes it (0: NumPy does), of an operand 1 if it has to be an int

`self` is a tuple: the data, what is called for other arguments (or None: it returns None), and what
makes large results of the arguments.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I1, I32, I64, PTR
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.points import python_objects as objects
from taylor_runtime.points.scalar_call import is_exact

ARRAY_CALL = "taylor.array_call"
MOST = 64  # pointers that a loop is given: NPY_MAXARGS
DIMENSIONS, OPERANDS, EACH = 4, 7, 4
_FUNCTIONS = {
    "PyFloat_AsDouble": "double @PyFloat_AsDouble(ptr)",
    "PyLong_AsLongLongAndOverflow": "i64 @PyLong_AsLongLongAndOverflow(ptr, ptr)",
    "PyTuple_New": "ptr @PyTuple_New(i64)",
    "PyTuple_SetItem": "i32 @PyTuple_SetItem(ptr, i64, ptr)",
    "Py_DecRef": "void @Py_DecRef(ptr)",
    "PyEval_SaveThread": "ptr @PyEval_SaveThread()",
    "PyEval_RestoreThread": "void @PyEval_RestoreThread(ptr)",
}


def externals() -> dict[str, int]:
    """Addresses that the module is linked with; none where it cannot be used."""
    return objects.symbols(*_FUNCTIONS)


def array_call_module() -> str:
    """IR text of PyObject *taylor.array_call(PyObject *self, PyObject *const *args, Py_ssize_t,
    PyObject *names).
    """
    module = Module()
    objects.declare(module, _FUNCTIONS)
    parameters = [("ptr", "self"), ("ptr", "args"), ("i64", "count"), ("ptr", "names")]
    with define_function(module, ARRAY_CALL, "ptr", parameters, "nounwind") as (b, given):
        call = _Call(b, *given[:3])
        fits = b.eq(call.count, call.inputs) & b.eq(given[3], _null(b))
        fits = b.if_(fits, lambda: [call.takes_all()], lambda: [_false(b)])[0]

        def otherwise() -> list[Value]:
            return [objects.call_otherwise(b, *given)]

        b.ret(b.if_(fits, lambda: [call.results()], otherwise)[0])
    return module.text()


class _Call:
    """Writes the parts of a call."""

    def __init__(self, b: Builder, own: Value, args: Value, count: Value) -> None:
        self.b, self.own, self.args, self.count = b, own, args, count
        described = objects.item(b, own, 0)
        self.facts = objects.data_of(b, described)
        self.inputs, self.outputs, self.loop, self.packs = (self._fact(k) for k in range(4))
        self.pointers = b.alloca("ptr", MOST)
        self.used = b.alloca("i64", 1)  # of the pointers
        self.numbers = b.alloca("double", MOST)  # operands and results that are no arrays
        self.made = b.alloca("ptr", MOST)

    def _fact(self, place: Index) -> Value:
        return self.b.load(I64, self.b.at(self.facts, place, "i64"))

    def _facts_of(self, operand: Value) -> list[Value]:
        first = operand * EACH + OPERANDS
        return [self._fact(first + k) for k in range(EACH)]

    # -- operands -------------------------------------------------------------------------------

    def takes_all(self) -> Value:
        """i1: whether all operands are as expected; their places are then among the pointers."""
        b = self.b
        b.store(b.constant(0, I64), self.used)

        def one(carried: list[Value]) -> list[Value]:
            return [carried[0] + 1, self._takes(carried[0])]

        start = [b.constant(0, I64), _true(b)]
        return b.while_(start, lambda c: c[1] & (c[0] < self.inputs), one)[1]

    def _takes(self, k: Value) -> Value:
        b = self.b
        argument = b.load(PTR, b.at(self.args, k, "ptr"))
        axes, shape, wanted, whole = self._facts_of(k)

        def array() -> list[Value]:
            return [self._takes_array(argument, axes, shape, wanted)]

        def number() -> list[Value]:
            plain = objects.is_float(b, argument) & b.eq(whole, 0)
            return [b.if_(plain & b.eq(axes, 0), store, integer)[0]]

        def store() -> list[Value]:
            return keep(b.call(F64, "PyFloat_AsDouble", argument))

        def keep(number: Value) -> list[Value]:
            place = b.at(self.numbers, k, "double")
            b.store(number, place)
            self._point(place, b.constant(1, I64))
            return [_true(b)]

        def integer() -> list[Value]:
            plain = objects.has_type(b, argument, objects.INT) & b.ne(whole, 0)
            return [b.if_(plain & b.eq(axes, 0), convert, lambda: [_false(b)])[0]]

        def convert() -> list[Value]:
            beyond = b.alloca("i32", 1)
            number = b.call(I64, "PyLong_AsLongLongAndOverflow", argument, beyond)
            fits = b.eq(b.load(I32, beyond, 4), 0) & is_exact(b, number)
            double = b.cast("sitofp", number, "double")
            return [b.if_(fits, lambda: keep(double), lambda: [_false(b)])[0]]

        return b.if_(objects.has_type(b, argument, objects.ARRAY), array, number)[0]

    def _takes_array(self, argument: Value, axes: Value, shape: Value, wanted: Value) -> Value:
        b = self.b
        plain, lengths = objects.is_ordinary(b, argument, axes)

        def compare() -> list[Value]:
            def one(i: Index, carried: list[Value]) -> list[Value]:
                own = b.load(I64, b.at(lengths, i, "i64"))
                return [carried[0] & b.eq(own, self._fact(shape + i))]

            return b.fold(0, axes, [_true(b)], one)

        def point() -> list[Value]:
            self._point(objects.data_of(b, argument), wanted)
            return [_true(b)]

        same = b.if_(plain, compare, lambda: [_false(b)])[0]
        return b.if_(same, point, lambda: [_false(b)])[0]

    def _point(self, place: Value, wanted: Value) -> None:
        """Let the loop have the elements at `place`."""
        b = self.b
        used = b.load(I64, self.used)

        def one(i: Index, _: list[Value]) -> list[Value]:
            b.store(b.at(place, i, "double"), b.at(self.pointers, used + i, "ptr"))
            return []

        b.fold(0, wanted, [], one)
        b.store(used + wanted, self.used)

    # -- results --------------------------------------------------------------------------------

    def results(self) -> Value:
        """An array, a number or a tuple of them; null where there was no memory for one."""
        b = self.b

        def one(carried: list[Value]) -> list[Value]:
            return [carried[0] + 1, self._makes(carried[0])]

        start = [b.constant(0, I64), _true(b)]
        done, made = b.while_(start, lambda c: c[1] & (c[0] < self.outputs), one)
        return b.if_(made, lambda: [self._filled()], lambda: [self._give_back(done)])[0]

    def _makes(self, k: Value) -> Value:
        """i1: whether result k has a place; what it has of Python's is kept in `made`."""
        b = self.b
        axes, shape, wanted, maker = self._facts_of(self.inputs + k)

        def number() -> list[Value]:
            b.store(_null(b), b.at(self.made, k, "ptr"))
            self._point(b.at(self.numbers, k + self.inputs, "double"), b.constant(1, I64))
            return [_true(b)]

        def array() -> list[Value]:
            made = b.if_(b.eq(maker, 0), ordinary, large)[0]
            b.store(made, b.at(self.made, k, "ptr"))
            return [b.if_(b.ne(made, _null(b)), lambda: point(made), lambda: [_false(b)])[0]]

        def ordinary() -> list[Value]:
            return [objects.new_array(b, axes, b.at(self.facts, shape, "i64"))]

        def large() -> list[Value]:
            function = objects.item(b, self.own, maker)
            return [objects.call_python(b, function, self.args, self.count)]

        def point(made: Value) -> list[Value]:
            self._point(objects.data_of(b, made), wanted)
            return [_true(b)]

        return b.if_(b.eq(axes, 0), number, array)[0]

    def _filled(self) -> Value:
        """The results, computed without the GIL."""
        b = self.b
        state = b.call(PTR, "PyEval_SaveThread")
        steps = b.table([8] * MOST, "i64")
        dimensions = b.at(self.facts, DIMENSIONS, "i64")
        loop = b.emit(PTR, f"inttoptr i64 {self.loop.text} to ptr")
        listed = ", ".join(f"ptr {v.text}" for v in (self.pointers, dimensions, steps))
        b.line(f"call void {loop.text}({listed}, ptr null)")
        b.line(f"call void @PyEval_RestoreThread(ptr {state.text})")
        alone = b.eq(self.outputs, 1) & b.eq(self.packs, 0)
        return b.if_(alone, lambda: [self._object(b.constant(0, I64))], lambda: [self._tuple()])[0]

    def _object(self, k: Value) -> Value:
        b = self.b
        made = b.load(PTR, b.at(self.made, k, "ptr"))

        def number() -> list[Value]:
            return [objects.new_number(b, b.at(self.numbers, k + self.inputs, "double"))]

        return b.if_(b.eq(made, _null(b)), number, lambda: [made])[0]

    def _tuple(self) -> Value:
        b = self.b
        packed = b.call(PTR, "PyTuple_New", self.outputs)

        def fill() -> Sequence[Value]:
            b.fold(0, self.outputs, [], put)
            return []

        def put(k: Index, _: list[Value]) -> list[Value]:
            assert isinstance(k, Value)
            b.call(I32, "PyTuple_SetItem", packed, k, self._object(k))
            return []

        b.if_(b.ne(packed, _null(b)), fill)
        return packed

    def _give_back(self, done: Value) -> Value:
        """Null, and no array is left: the last of those that were tried could not be made."""
        b = self.b

        def one(k: Index, _: list[Value]) -> list[Value]:
            made = b.load(PTR, b.at(self.made, k, "ptr"))
            b.if_(b.ne(made, _null(b)), lambda: drop(made))
            return []

        def drop(made: Value) -> list[Value]:
            b.line(f"call void @Py_DecRef(ptr {made.text})")
            return []

        b.fold(0, done, [], one)
        return _null(b)


def _null(b: Builder) -> Value:
    return Value(b, PTR, "null")


def _true(b: Builder) -> Value:
    return b.constant(True, I1)


def _false(b: Builder) -> Value:
    return b.constant(False, I1)
