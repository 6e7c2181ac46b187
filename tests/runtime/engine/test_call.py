"""Machine code called from Python: NumPy ufuncs around hand-written loops, function pointers."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from collections.abc import Callable

import numpy as np
import pytest

from taylor_runtime.engine.call import (
    MAX_OPERANDS,
    clear_flags_address,
    function_pointer,
    make_gufunc,
    make_ufunc,
)
from taylor_runtime.engine.compiler import Module, compile_ir


def product_loop(element: str, operation: str = "fadd") -> str:
    """The inner loop of x * y + 1 (or - 1) over strided operands of one type."""
    return f"""
define void @{element}.loop(ptr %args, ptr %dims, ptr %steps, ptr %data) nounwind {{
start:
  %n = load i64, ptr %dims
  %xp = load ptr, ptr %args
  %ya = getelementptr ptr, ptr %args, i64 1
  %yp = load ptr, ptr %ya
  %za = getelementptr ptr, ptr %args, i64 2
  %zp = load ptr, ptr %za
  %xs = load i64, ptr %steps
  %ysa = getelementptr i64, ptr %steps, i64 1
  %ys = load i64, ptr %ysa
  %zsa = getelementptr i64, ptr %steps, i64 2
  %zs = load i64, ptr %zsa
  br label %test
test:
  %i = phi i64 [ 0, %start ], [ %next, %body ]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %body, label %end
body:
  %xo = mul i64 %i, %xs
  %xi = getelementptr i8, ptr %xp, i64 %xo
  %x = load {element}, ptr %xi, align 1
  %yo = mul i64 %i, %ys
  %yi = getelementptr i8, ptr %yp, i64 %yo
  %y = load {element}, ptr %yi, align 1
  %p = fmul {element} %x, %y
  %z = {operation} {element} %p, 1.0
  %zo = mul i64 %i, %zs
  %zi = getelementptr i8, ptr %zp, i64 %zo
  store {element} %z, ptr %zi, align 1
  %next = add i64 %i, 1
  br label %test
end:
  ret void
}}
"""


@pytest.fixture(scope="module")
def f() -> np.ufunc:
    module = compile_ir(product_loop("double"), ["double.loop"])
    return make_ufunc(
        {"float64": module.address("double.loop")}, 2, 1, "f", "x y + 1", owner=module
    )


def expected(x: object, y: object) -> np.ndarray:
    return np.multiply(x, y, dtype=float) + 1


def test_is_a_ufunc(f: np.ufunc) -> None:
    assert type(f) is np.ufunc
    assert (f.nin, f.nout, f.nargs, f.types, f.signature) == (2, 1, 3, ["dd->d"], None)
    assert f.__name__ == "f"
    assert "x y + 1" in str(f.__doc__)


def test_scalars_lists_integers_and_broadcasting(f: np.ufunc) -> None:
    assert f(2.0, 3.0) == 7.0
    assert isinstance(f(2.0, 3.0), np.float64)
    x, y = np.linspace(-1, 1, 7)[:, None], np.arange(5)
    np.testing.assert_array_equal(f(x, y), expected(x, y))
    np.testing.assert_array_equal(f([1, 2], 3), [4.0, 7.0])
    np.testing.assert_array_equal(f(np.float32(0.5), x), expected(0.5, x))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 1000])
def test_strides_of_all_kinds(f: np.ufunc, size: int) -> None:
    random = np.random.default_rng(size)
    table = random.normal(size=(3 * size, 4))
    x = table[::3, 1]
    for y in (
        np.float64(0.3),
        np.broadcast_to(np.float64(0.3), size),  # stride 0
        random.normal(size=size),
        random.normal(size=size)[::-1],
        table[::-3, 2],
    ):
        np.testing.assert_array_equal(f(x, y), expected(x, y))
        np.testing.assert_array_equal(f(y, x), expected(x, y))


def test_unaligned_and_byte_swapped_operands(f: np.ufunc) -> None:
    raw = bytearray(1 + 8 * 9)
    x = np.frombuffer(raw, dtype=np.float64, offset=1, count=9)
    x[:] = np.linspace(0, 1, 9)
    assert not x.flags.aligned
    swapped = x.astype(">f8")
    np.testing.assert_array_equal(f(x, swapped), expected(x, x))


def test_out_where_and_in_place(f: np.ufunc) -> None:
    x, y = np.linspace(0, 1, 11), np.linspace(1, 2, 11)
    out = np.full(11, -5.0)
    chosen = np.arange(11) % 3 == 0
    assert f(x, y, out=out, where=chosen) is out
    np.testing.assert_array_equal(out, np.where(chosen, expected(x, y), -5.0))
    copy = x.copy()
    f(copy, y, out=copy)
    np.testing.assert_array_equal(copy, expected(x, y))


def test_overlapping_output_sees_the_old_input(f: np.ufunc) -> None:
    for shift in (slice(1, None), slice(None, -1)):
        data = np.linspace(0, 1, 50)
        x, out = data[:-1], data[shift]
        want = expected(x, x)
        f(x, x, out=out)
        np.testing.assert_array_equal(out, want)
    reverse = np.linspace(0, 1, 50)
    want = expected(reverse, 1.0)
    f(reverse, 1.0, out=reverse[::-1])
    np.testing.assert_array_equal(reverse[::-1], want)


def test_empty_and_many_dimensional_arrays(f: np.ufunc) -> None:
    assert f(np.empty((0, 3)), 1.0).shape == (0, 3)
    x = np.random.default_rng(1).normal(size=(4, 1, 3, 2)).transpose(3, 0, 2, 1)
    y = np.random.default_rng(2).normal(size=(4, 3, 5))
    np.testing.assert_array_equal(f(x, y), expected(x, y))


def test_ufunc_methods(f: np.ufunc) -> None:
    x = np.arange(4.0)
    np.testing.assert_array_equal(f.outer(x, x), expected(x[:, None], x))
    data = np.ones(3)
    f.at(data, [0, 0, 2], 2.0)
    np.testing.assert_array_equal(data, [7.0, 1.0, 3.0])
    with pytest.raises(ValueError, match="identity"):
        f.reduce(np.empty(0))


def test_wrong_operands_are_numpys_errors(f: np.ufunc) -> None:
    with pytest.raises(TypeError, match="not supported"):
        f(1j, 2.0)
    with pytest.raises(TypeError):
        f(1.0)
    with pytest.raises(ValueError, match="broadcast"):
        f(np.ones(3), np.ones(4))


def test_loops_for_several_types() -> None:
    text = product_loop("float") + product_loop("double")
    module = compile_ir(text, ["float.loop", "double.loop"])
    loops = {
        "float32": module.address("float.loop"),
        "float64": module.address("double.loop"),
    }
    f = make_ufunc(loops, 2, 1, "f", owner=module)
    assert f.types == ["ff->f", "dd->d"]
    third = np.float32(1) / np.float32(3)
    assert f(third, third).dtype == np.float32
    assert f(third, third) == third * third + np.float32(1)
    assert f(third, np.ones(1)).dtype == np.float64


def constant_rows_loop(name: str) -> str:
    """A gufunc loop that adds up each row, and writes k + the sum into item k of the result."""
    return f"""
define void @{name}(ptr %args, ptr %dims, ptr %steps, ptr %data) nounwind {{
start:
  %rows = load i64, ptr %dims
  %na = getelementptr i64, ptr %dims, i64 1
  %n = load i64, ptr %na
  %ma = getelementptr i64, ptr %dims, i64 2
  %m = load i64, ptr %ma
  %x0 = load ptr, ptr %args
  %za = getelementptr ptr, ptr %args, i64 1
  %z0 = load ptr, ptr %za
  %xr = load i64, ptr %steps
  %zra = getelementptr i64, ptr %steps, i64 1
  %zr = load i64, ptr %zra
  %xca = getelementptr i64, ptr %steps, i64 2
  %xc = load i64, ptr %xca
  %zca = getelementptr i64, ptr %steps, i64 3
  %zc = load i64, ptr %zca
  br label %row
row:
  %r = phi i64 [ 0, %start ], [ %r1, %row.end ]
  %more = icmp slt i64 %r, %rows
  br i1 %more, label %sum, label %end
sum:
  %i = phi i64 [ 0, %row ], [ %i1, %sum ]
  %s = phi double [ 0.0, %row ], [ %s1, %sum ]
  %xo = mul i64 %r, %xr
  %xo2 = mul i64 %i, %xc
  %xo3 = add i64 %xo, %xo2
  %xp = getelementptr i8, ptr %x0, i64 %xo3
  %x = load double, ptr %xp
  %s1 = fadd double %s, %x
  %i1 = add i64 %i, 1
  %summing = icmp slt i64 %i1, %n
  br i1 %summing, label %sum, label %write
write:
  %k = phi i64 [ 0, %sum ], [ %k1, %write ]
  %kd = sitofp i64 %k to double
  %v = fadd double %s1, %kd
  %zo = mul i64 %r, %zr
  %zo2 = mul i64 %k, %zc
  %zo3 = add i64 %zo, %zo2
  %zp = getelementptr i8, ptr %z0, i64 %zo3
  store double %v, ptr %zp
  %k1 = add i64 %k, 1
  %writing = icmp slt i64 %k1, %m
  br i1 %writing, label %write, label %row.end
row.end:
  %r1 = add i64 %r, 1
  br label %row
end:
  ret void
}}
"""


def test_generalised_ufunc_takes_more_operands_than_a_ufunc() -> None:
    inputs, outputs = MAX_OPERANDS + 6, 3
    module = compile_ir(constant_rows_loop("rows"), ["rows"])
    rows = make_gufunc({"float64": module.address("rows")}, inputs, outputs, "rows", owner=module)
    assert rows.signature == f"({inputs})->({outputs})"
    x = np.random.default_rng(3).integers(-9, 9, size=(2, 5, inputs))
    want = x.sum(axis=-1, dtype=float)[..., None] + np.arange(outputs)
    np.testing.assert_array_equal(rows(x), want)
    np.testing.assert_array_equal(rows(x[:, ::-1].astype(float)[..., ::-1]), want[:, ::-1])
    out = np.zeros((5, outputs, 2)).transpose(2, 0, 1)
    rows(x, out=out)
    np.testing.assert_array_equal(out, want)
    with pytest.raises(ValueError, match="core dimension"):
        rows(np.ones(inputs + 1))


@pytest.mark.parametrize(("inputs", "outputs"), [(MAX_OPERANDS, 1), (1, 0), (-1, 1)])
def test_impossible_operand_counts_are_refused(inputs: int, outputs: int) -> None:
    with pytest.raises(ValueError, match=r"make_ufunc: 1 loops.*'g'; a ufunc needs"):
        make_ufunc({"float64": 1}, inputs, outputs, "g")
    with pytest.raises(ValueError, match=r"make_gufunc: 1 loops"):
        make_gufunc({"float64": 1}, 0, 1, "g")


def test_largest_operand_count_works() -> None:
    module = compile_ir(product_loop("double"), ["double.loop"])
    loops = {"float64": module.address("double.loop")}
    assert make_ufunc(loops, MAX_OPERANDS - 1, 1, "g", owner=module).nargs == MAX_OPERANDS


def loop_module() -> tuple[Module, weakref.ref[object]]:
    module = compile_ir(product_loop("double", "fsub"), ["double.loop"])
    return module, weakref.ref(module._code)


def test_ufunc_owns_its_code() -> None:
    module, code = loop_module()
    f = make_ufunc({"float64": module.address("double.loop")}, 2, 1, "f", owner=module)
    del module
    gc.collect()
    assert code() is not None
    assert f(3.0, 4.0) == 11.0
    del f
    gc.collect()
    assert code() is None


def test_ufuncs_leak_no_memory() -> None:
    module, _ = loop_module()
    loops = {"float64": module.address("double.loop")}
    owner = object.__new__(type("Owner", (), {}))
    before = sys.getrefcount(owner)
    for _ in range(1000):
        make_ufunc(loops, 2, 1, "f", owner=owner)
    gc.collect()
    assert sys.getrefcount(owner) == before


def test_function_pointer_owns_its_code() -> None:
    text = "define double @f(double %x) nounwind {\n  %y = fmul double %x, %x\n  ret double %y\n}"
    module = compile_ir(text, ["f"])
    code = weakref.ref(module._code)
    square = function_pointer(module.address("f"), "double(*)(double)", module)
    del module
    gc.collect()
    assert square(1.5) == 2.25
    del square
    gc.collect()
    assert code() is None


SPIN = """
define i64 @spin(ptr %flag) nounwind {
start:
  br label %loop
loop:
  %n = phi i64 [ 0, %start ], [ %n1, %loop ]
  %n1 = add i64 %n, 1
  %seen = load volatile i64, ptr %flag
  %go = icmp eq i64 %seen, 0
  br i1 %go, label %loop, label %end
end:
  ret i64 %n1
}
define void @spin.loop(ptr %args, ptr %dims, ptr %steps, ptr %data) nounwind {
  %x = load ptr, ptr %args
  %n = call i64 @spin(ptr %x)
  ret void
}
"""


def wait_for_another_thread(wait: Callable[[np.ndarray], object]) -> None:
    """`wait` returns when its array is not zero, which another Python thread brings about."""
    flag = np.zeros(1, dtype=np.int64)

    def raise_flag() -> None:
        time.sleep(0.05)
        flag[0] = 1

    thread = threading.Thread(target=raise_flag)
    thread.start()
    wait(flag)
    thread.join()


def test_function_pointers_release_the_gil() -> None:
    module = compile_ir(SPIN, ["spin"])
    spin = function_pointer(module.address("spin"), "int64_t(*)(uintptr_t)", module)
    wait_for_another_thread(lambda flag: spin(flag.ctypes.data))


def test_ufuncs_release_the_gil() -> None:
    module = compile_ir(SPIN, ["spin.loop"])
    f = make_ufunc({"float64": module.address("spin.loop")}, 1, 1, "spin", owner=module)
    # NumPy keeps the GIL for fewer than 500 items (NPY_BEGIN_THREADS_THRESHOLDED).
    wait_for_another_thread(
        lambda flag: f(np.broadcast_to(flag.view(np.float64), 1000), out=np.empty(1000))
    )


def test_null_function_is_refused() -> None:
    with pytest.raises(ValueError, match="function_pointer: address is zero"):
        function_pointer(0, "void(*)(void)")


def test_floating_point_flags_are_numpys_warnings_unless_cleared(f: np.ufunc) -> None:
    with pytest.warns(RuntimeWarning, match="overflow encountered in f"):
        f(1e200, 1e200)
    text = (
        product_loop("double").replace("end:\n", "end:\n  call void @clear()\n")
        + "declare void @clear()\n"
    )
    module = compile_ir(text, ["double.loop"], externals={"clear": clear_flags_address()})
    quiet = make_ufunc({"float64": module.address("double.loop")}, 2, 1, "quiet", owner=module)
    assert quiet(1e200, 1e200) == np.inf


def test_ufuncs_of_one_code_from_many_threads(f: np.ufunc) -> None:
    x = np.random.default_rng(5).normal(size=20_000)
    want = expected(x, x)
    wrong: list[int] = []

    def work(k: int) -> None:
        for _ in range(20):
            if not np.array_equal(f(x, x), want):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_unknown_types_are_refused() -> None:
    with pytest.raises(TypeError, match="no such type"):
        make_ufunc({"no such type": 1}, 1, 1, "g")
