"""One call of an integrator as a built-in function: what is done before and after the step loop.

It takes what the user has changed, looks whether it can be integrated, makes the first steps, and
shows state and time.  A call that has come to its end by that is told in one object of bytes, from
which Python makes what is asked for.  Python does all else: it goes on after the first steps, or
begins by itself where something is out of the ordinary (nothing has been changed then).

One function serves all integrators of float64, and is compiled once: what they differ in is the
block of `block.CALL`, the first item of `self`.
"""

from __future__ import annotations

from taylor_runtime.drivers.asking import Asking
from taylor_runtime.drivers.block import DRIVER, STEP
from taylor_runtime.drivers.call import smaller, true
from taylor_runtime.drivers.preparing import ANY_STEPS, FIRST_STEPS, Preparing
from taylor_runtime.drivers.telling import Telling
from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I64, PTR
from taylor_runtime.ir.values import Value
from taylor_runtime.points import python_objects as objects
from taylor_runtime.program.codes import REACHED, STEPS_DONE

DRIVE = "taylor.drive"
MORE_STEPS = 256  # before Python looks, where nothing is to be seen and steps are short
LEAST_STEP, ROUNDED, SUSPECT = 2.0**-44, 2.0**-22, 0.2  # see `taylor.integrator.stiffness`
LIMIT_STEPS = 100  # see there, too
ARGUMENTS = 6  # state, parameters, longest step, end or span, which of these it is, most steps
_FUNCTIONS = {
    "PyFloat_AsDouble": "double @PyFloat_AsDouble(ptr)",
    "PyLong_FromLongLong": "ptr @PyLong_FromLongLong(i64)",
    "PyBytes_FromStringAndSize": "ptr @PyBytes_FromStringAndSize(ptr, i64)",
    "PyBytes_AsString": "ptr @PyBytes_AsString(ptr)",
    "PyType_GenericAlloc": "ptr @PyType_GenericAlloc(ptr, i64)",
    "Py_DecRef": "void @Py_DecRef(ptr)",
    "PyEval_SaveThread": "ptr @PyEval_SaveThread()",
    "PyEval_RestoreThread": "void @PyEval_RestoreThread(ptr)",
}


def externals() -> dict[str, int]:
    """Addresses that the module is linked with; none where it cannot be used."""
    return objects.symbols(*_FUNCTIONS)


def driver_module() -> str:
    """IR text of PyObject *taylor.drive(PyObject *self, PyObject *const *args, Py_ssize_t count).

    args: the integrator's arrays of states and parameters, max_step, a number, and UNTIL, FOR or
        STEP, which says what that is (of STEP: an infinity, forwards or backwards); or an array of
        times, and GRID; and how many steps may be taken, infinity for any.

    Returns an object of the third item of `self` where the end was reached, or the steps are used
    up, whose first slots hold bytes and the fourth item; an integer, why the loop came back, where
    Python has to go on (`running` is DRIVER then); None where nothing has been done.
    """
    module = Module()
    objects.declare(module, _FUNCTIONS)
    parameters = [("ptr", "self"), ("ptr", "args"), ("i64", "count")]
    with define_function(module, DRIVE, "ptr", parameters, "nounwind") as (b, given):
        _Drive(b, *given).emit()
    return module.text()


class _Drive(Asking, Preparing, Telling):
    """Writes the parts of a call."""

    def emit(self) -> None:
        """The whole call."""
        b, call = self.b, self.call
        self.go_on_if(b.eq(self.count, ARGUMENTS) & b.eq(call.get("running"), 0))
        given = [b.load(PTR, b.at(self.args, k, "ptr")) for k in range(ARGUMENTS)]
        state, parameters = (
            self.numbers(given[0], self.states),
            self.numbers(given[1], self.given),
        )
        longest, kind, most = (b.call(F64, "PyFloat_AsDouble", given[k]) for k in (2, 4, 5))
        limit = b.cast("fptosi", b.select(most < ANY_STEPS, most, float(ANY_STEPS)), "i64")
        single = b.eq(kind, STEP)
        number, times, many = self.asked(given[3], kind)
        end = self.end(number, kind, single)
        changed = self.changed(state, parameters)
        self.go_on_if(self.is_finite(state, changed))
        self.prepare(state, parameters, changed)
        self.ask(end, longest, limit)
        self.ask_grid(times, many)
        code = self._run(limit)
        self.show(state)
        limited = self._is_at_limit(code, limit)
        call.set("limited", b.cast("zext", limited & ~single, "i64"))
        done = (b.eq(code, REACHED) | limited) & self.saw_nothing()
        b.ret(b.if_(done, lambda: [self.told()], lambda: [self.begun(code)])[0])
        b.label(self.leave)
        b.ret(objects.call_otherwise(b, self.own, self.args, self.count))

    def _is_at_limit(self, code: Value, limit: Value) -> Value:
        """i1: whether all steps that are allowed have been taken, with nothing to be said of it."""
        b, steps = self.b, self.control().get("steps")
        ended = b.eq(code, STEPS_DONE) & b.eq(steps, limit)
        silent = b.if_(steps < LIMIT_STEPS, lambda: [true(b)], lambda: [~self._is_suspect()])[0]
        return ended & silent

    def _run(self, limit: Value) -> Value:
        """The code of the runtime; without the GIL."""
        b, call, control = self.b, self.call, self.control()
        call.set("running", DRIVER)
        state = b.call(PTR, "PyEval_SaveThread")
        first = self._slice()
        call.set("first_retracted", control.get("retracted"))
        goes_on = b.eq(first, STEPS_DONE) & (limit > FIRST_STEPS) & b.ne(call.get("short"), 0)

        def more() -> list[Value]:
            # Nobody looks for stiffness again before so few steps end.
            stays = self._is_suspect() & b.compare("ge", limit, b.constant(LIMIT_STEPS, I64))
            return [b.if_(stays, lambda: [first], further)[0]]

        def further() -> list[Value]:
            control.set("steps_wanted", smaller(b, limit, FIRST_STEPS + MORE_STEPS))
            return [self._slice()]

        code = b.if_(goes_on, more, lambda: [first])[0]
        b.line(f"call void @PyEval_RestoreThread(ptr {state.text})")
        return code

    def _slice(self) -> Value:
        b, call = self.b, self.call
        names = ("control", "states", "parameters", "work", "records", "grid", "tolerances")
        listed = ", ".join([f"ptr {call.address(name).text}" for name in names])
        return b.emit_anew(I64, f"call i64 {call.address('loop').text}({listed})")

    def _is_suspect(self) -> Value:
        """i1: whether steps may be limited by stability, as `StiffnessWatch` asks first."""
        b, control = self.b, self.control()
        step = b.fabs(control.get("step"))
        away = b.fabs(step - control.get("estimate"))
        decided = b.compare("le", away, step * ROUNDED) & (step < control.get("max_step"))
        long = ~(step < b.fabs(control.get("time")) * LEAST_STEP)
        last, before = control.get("last_size") * step, control.get("last_size_but_one")
        steep = b.compare("ge", last, (before * SUSPECT) * control.get("step_scale"))
        return b.ne(step, 0.0) & decided & long & steep & (last > 0.0)
