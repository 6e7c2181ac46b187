"""Calls with plain numbers, past NumPy's machinery: compiled functions as built-in Python
functions.

NumPy takes about 0.4 us to find out that three Python floats are float64.  A built-in function is
entered in a tenth of that (`python_objects`).  It answers only for exact floats and numpy.float64,
with numpy.float64 as a ufunc does; for anything else it calls a Python function, the second item
of its `self`, or returns None where that is None, and the caller goes the long way.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I1, I32, I64, PTR
from taylor_runtime.ir.values import Value
from taylor_runtime.points import python_objects as objects
from taylor_runtime.points.blocks import Counts, call_block, memory
from taylor_runtime.program.widths import REGISTER

SCALAR = "taylor.scalar"
_FUNCTIONS = {
    "PyLong_AsLongLongAndOverflow": "i64 @PyLong_AsLongLongAndOverflow(ptr, ptr)",
    "PyTuple_New": "ptr @PyTuple_New(i64)",
    "PyTuple_SetItem": "i32 @PyTuple_SetItem(ptr, i64, ptr)",
}


def externals() -> dict[str, int]:
    """Addresses that a module with `emit_scalar_call` is linked with; none where it cannot be."""
    return objects.symbols(*_FUNCTIONS)


def emit_scalar_call(
    module: Module,
    counts: Counts,
    block: str = "block",
    checked: bool = False,
    wholes: Sequence[bool] = (),
) -> None:
    """PyObject *taylor.scalar(PyObject *self, PyObject *const *args, Py_ssize_t count,
    PyObject *names), around @block, or what computes its first lane alone.

    checked: whether the last output is the number of an error, 0 for none.  It is not returned; if
        there is one the Python function is called, or where it is None a tuple of it alone is
        returned.
    wholes: which arguments are ints.  They may be floats as well where the Python function is None.
    """
    inputs, outputs = counts.inputs, counts.outputs
    lanes = 0 if block == "block.single" else REGISTER
    objects.declare(module, _FUNCTIONS)
    parameters = [("ptr", "self"), ("ptr", "args"), ("i64", "count"), ("ptr", "names")]
    with define_function(module, SCALAR, "ptr", parameters, "nounwind") as (b, given_values):
        own, args, count, names = given_values
        leave = b.meeting("leave")
        _leave_unless(b, b.eq(names, Value(b, PTR, "null")), leave)
        _leave_unless(b, b.eq(count, inputs), leave)
        given = [b.load(PTR, b.at(args, k, "ptr")) for k in range(inputs)]
        places = []
        for k, argument in enumerate(given):
            if k < len(wholes) and wholes[k]:
                places.append(_place_of_int(b, own, argument, leave))
                continue
            _leave_unless(b, objects.is_float(b, argument), leave)
            places.append(objects.place_of_float(b, argument))
        tables = [b.alloca("ptr", max(inputs, 1)), b.alloca("ptr", outputs)]
        for k, buffer in enumerate(places):
            if lanes:
                value = b.load(F64, buffer)
                buffer = b.alloca("double", lanes)
                b.store(b.splat(value, lanes), buffer, 64)
            b.store(buffer, b.at(tables[0], k, "ptr"))
        results = [b.alloca("double", lanes or 1) for _ in range(outputs)]
        for k, buffer in enumerate(results):
            b.store(buffer, b.at(tables[1], k, "ptr"))
        with memory(b, counts.places * REGISTER, "double") as work:
            call_block(b, tables[0], tables[1], work, name=block)
        fault = results.pop() if checked else None
        wrong = b.meeting("wrong")
        if fault is not None:
            fine = b.fresh_label("fine")
            b.branch(b.ne(b.load(F64, fault), 0), wrong, fine)
            b.label(fine)
        b.ret(_packed(b, results))
        if fault is not None:
            b.label(wrong)
            unheard = objects.is_at(b, objects.item(b, own, 1), objects.NONE)
            alone = b.fresh_label("alone")
            b.branch(unheard, alone, leave)
            b.label(alone)
            b.ret(_tuple(b, [objects.new_number(b, fault)]))
        b.label(leave)
        b.ret(objects.call_otherwise(b, own, args, count, names))


def _place_of_int(b: Builder, own: Value, argument: Value, leave: str) -> Value:
    """Where the double of an argument is that is an int; of a float, if nobody else takes it."""
    number, beyond = b.alloca("double", 1), b.alloca("i32", 1)

    def converted() -> list[Value]:
        value = b.call(I64, "PyLong_AsLongLongAndOverflow", argument, beyond)
        _leave_unless(b, b.eq(b.load(I32, beyond, 4), 0) & is_exact(b, value), leave)
        b.store(b.cast("sitofp", value, "double"), number)
        return []

    def read() -> list[Value]:
        _leave_unless(b, objects.is_float(b, argument), leave)
        _leave_unless(b, objects.is_at(b, objects.item(b, own, 1), objects.NONE), leave)
        b.store(b.load(F64, objects.place_of_float(b, argument)), number)
        return []

    b.if_(objects.has_type(b, argument, objects.INT), converted, read)
    return number


def is_exact(b: Builder, whole: Value) -> Value:
    """Whether an integer of 64 bits is among those that doubles count without gaps."""
    return b.compare("lt", whole, 1 << 53) & b.compare("gt", whole, -(1 << 53))


def _leave_unless(b: Builder, condition: Value, leave: str) -> None:
    go_on = b.fresh_label("fits")
    b.branch(condition, go_on, leave)
    b.label(go_on)


def _packed(b: Builder, results: list[Value]) -> Value:
    """A number, or a tuple of them."""
    numbers = [objects.new_number(b, buffer) for buffer in results]
    return numbers[0] if len(numbers) == 1 else _tuple(b, numbers)


def _tuple(b: Builder, numbers: list[Value]) -> Value:
    packed = b.call(PTR, "PyTuple_New", b.constant(len(numbers), I64))
    for k, number in enumerate(numbers):
        b.line(f"call i32 @PyTuple_SetItem(ptr {packed.text}, i64 {k}, ptr {number.text})")
    return packed


# -- functions of a module that must still be what they were ---------------------------------------

GUARDED = "taylor.guarded"
EACH = 4  # numbers in the table: addresses of a dictionary, a key, a function, and its code
_LOOKED_AT = {
    "PyDict_GetItem": "ptr @PyDict_GetItem(ptr, ptr)",
    "PyFunction_GetCode": "ptr @PyFunction_GetCode(ptr)",
}


def guarded_externals() -> dict[str, int]:
    """Addresses that `guarded_module` is linked with; none where it cannot be."""
    return objects.symbols(*_LOOKED_AT)


def guarded_module() -> str:
    """IR text of a built-in function that calls another one while some functions are what they
    were, and else a Python function.

    The items of `self`: an array of int64, `EACH` for every function; the Python function; the
    built-in one.
    """
    module = Module()
    objects.declare(module, _LOOKED_AT)
    parameters = [("ptr", "self"), ("ptr", "args"), ("i64", "count"), ("ptr", "names")]
    with define_function(module, GUARDED, "ptr", parameters, "nounwind") as (b, given):
        own, args, count, names = given
        table = objects.item(b, own, 0)
        first, last = objects.data_of(b, table), objects.size_of(b, table)

        def same(state: list[Value]) -> Value:
            return b.compare("lt", state[0], last) & state[1]

        def look(state: list[Value]) -> list[Value]:
            place = b.at(first, state[0], "i64")
            space, key, function, code = (b.load(PTR, b.at(place, k, "i64")) for k in range(EACH))
            found = b.call(PTR, "PyDict_GetItem", space, key)

            def unchanged() -> list[Value]:
                return [b.eq(b.call(PTR, "PyFunction_GetCode", function), code)]

            alike = b.if_(b.eq(found, function), unchanged, lambda: [b.constant(False, I1)])
            return [state[0] + EACH, *alike]

        start = [b.constant(0, I64), b.constant(True, I1)]
        _, fine = b.while_(start, same, look)
        go_on, leave = b.fresh_label("same"), b.fresh_label("changed")
        b.branch(fine, go_on, leave, likely=True)
        b.label(go_on)
        b.ret(objects.call_python(b, objects.item(b, own, 2), args, count, names))
        b.label(leave)
        b.ret(objects.call_otherwise(b, own, args, count, names))
    return module.text()
