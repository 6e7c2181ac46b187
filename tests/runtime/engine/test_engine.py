"""Machine code from LLVM IR: right results on every target, lifetime of code, errors."""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
import threading
import weakref
from fractions import Fraction

import pytest

from taylor_runtime.engine import cache
from taylor_runtime.engine.compiler import CompileError, Module, Options, compile_ir
from taylor_runtime.engine.target import LEVELS, Target

X86 = Target.host().triple.startswith("x86_64")
LEVEL_NAMES = [
    name for name in LEVELS if X86 and Target.named(name).runs_on(Target.host())
]  # of this machine
TARGETS = [Target.host(), *map(Target.named, LEVEL_NAMES)]
PASSES: list[str | tuple[str, ...]] = ["O0", "O1", "O2", "O3", Options().passes, ("sroa",)]

ARITHMETIC = """
declare double @llvm.fma.f64(double, double, double)
define double @unfused(double %x, double %y, double %z) nounwind {
  %product = fmul double %x, %y
  %sum = fadd double %product, %z
  ret double %sum
}
define double @fused(double %x, double %y, double %z) nounwind {
  %sum = call double @llvm.fma.f64(double %x, double %y, double %z)
  ret double %sum
}
"""

WIDE = """
declare <8 x double> @llvm.fma.v8f64(<8 x double>, <8 x double>, <8 x double>)
define void @wide(ptr %x, ptr %y) nounwind {
  %a = load <8 x double>, ptr %x, align 8
  %b = load <8 x double>, ptr %y, align 8
  %c = call <8 x double> @llvm.fma.v8f64(<8 x double> %a, <8 x double> %b, <8 x double> %a)
  %d = fmul <8 x double> %c, %b
  %e = fadd <8 x double> %d, splat (double 0x3FD5555555555555)
  store <8 x double> %e, ptr %y, align 8
  ret void
}
"""


def constant_function(value: int, name: str = "f") -> str:
    return f"define i64 @{name}() nounwind {{\n  ret i64 {value}\n}}\n"


def call_integer(module: Module, name: str = "f") -> int:
    return int(ctypes.CFUNCTYPE(ctypes.c_int64)(module.address(name))())


def call_doubles(module: Module, name: str, *arguments: float) -> float:
    types = [ctypes.c_double] * (1 + len(arguments))
    return float(ctypes.CFUNCTYPE(*types)(module.address(name))(*arguments))


@pytest.mark.parametrize("passes", PASSES, ids=str)
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.cpu)
def test_only_explicit_fused_multiply_adds_are_fused(
    target: Target, passes: str | tuple[str, ...]
) -> None:
    module = compile_ir(
        ARITHMETIC, ["fused", "unfused"], target=target, options=Options(passes=passes)
    )
    x, z = 1 + 2.0**-30, -(1 + 2.0**-29)
    exact = Fraction(x) ** 2 + Fraction(z)  # 2^-60, lost when the product is rounded first
    assert call_doubles(module, "fused", x, x, z) == float(exact) == 2.0**-60
    assert call_doubles(module, "unfused", x, x, z) == 0.0


def run_wide(target: Target, passes: str | tuple[str, ...]) -> list[float]:
    module = compile_ir(WIDE, ["wide"], target=target, options=Options(passes=passes))
    lanes = ctypes.c_double * 8
    x = lanes(*[1 / (k + 1) for k in range(8)])
    y = lanes(*[(-1) ** k * (k + 3) / 7 for k in range(8)])
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(module.address("wide"))(x, y)
    return list(y)


def test_lanes_agree_with_rounded_rational_arithmetic_on_every_target() -> None:
    expected = []
    for k in range(8):
        a, b = 1 / (k + 1), (-1) ** k * (k + 3) / 7
        c = float(Fraction(a) * Fraction(b) + Fraction(a))
        expected.append(c * b + 1 / 3)  # Python rounds after each operation
    for target in TARGETS:
        for passes in PASSES:
            assert run_wide(target, passes) == expected, (target.cpu, passes)


@pytest.mark.skipif(not LEVEL_NAMES, reason="not an x86-64 machine")
def test_named_targets_use_the_registers_they_have() -> None:
    small = compile_ir(WIDE, ["wide"], target=Target.named("x86-64")).assembly()
    assert "xmm" in small
    assert "ymm" not in small
    assert "vfmadd" not in small
    if "x86-64-v3" in LEVEL_NAMES:
        medium = compile_ir(WIDE, ["wide"], target=Target.named("x86-64-v3")).assembly()
        assert "ymm" in medium
        assert "zmm" not in medium
        assert "vfmadd" in medium
        without = Target.named("x86-64-v3", ("-fma",))
        assert not without.has_fma
        assert "vfmadd" not in compile_ir(WIDE, ["wide"], target=without).assembly()


def test_target_of_an_unknown_processor_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Target\.named: cpu='i486'.*x86-64"):
        Target.named("i486")


def test_features_are_switched_not_repeated() -> None:
    target = Target.host().with_features("+prefer-256-bit").with_features("-prefer-256-bit")
    assert sum("prefer-256-bit" in name for name in target.features) == 1
    assert "-prefer-256-bit" in target.features


def in_fresh_process(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(not X86, reason="not an x86-64 machine")
def test_environment_variable_chooses_the_processor() -> None:
    code = "from taylor_runtime.engine.target import Target; print(Target.host().cpu)"
    assert in_fresh_process(code, TAYLOR_CPU="x86-64-v2").stdout == "x86-64-v2\n"
    wrong = in_fresh_process(code, TAYLOR_CPU="nonesuch")
    assert wrong.returncode == 1
    assert "ValueError: Target.named: cpu='nonesuch'" in wrong.stderr


def test_functions_of_the_c_library_are_found() -> None:
    text = """
    declare double @erf(double)
    define double @f(double %x) nounwind {
      %y = call double @erf(double %x)
      ret double %y
    }"""
    # erf(1/2) = 0.52049987781304653768... (NIST DLMF, section 7.23)
    assert call_doubles(compile_ir(text, ["f"]), "f", 0.5) == pytest.approx(
        0.5204998778130465377, rel=1e-15
    )


def test_externals_are_linked_by_address() -> None:
    seen: list[int] = []
    callback = ctypes.CFUNCTYPE(None, ctypes.c_int64)(seen.append)
    text = """
    declare void @taylor.callback(i64)
    define void @f(i64 %x) nounwind {
      call void @taylor.callback(i64 %x)
      ret void
    }"""
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address is not None
    module = compile_ir(text, ["f"], externals={"taylor.callback": address})
    ctypes.CFUNCTYPE(None, ctypes.c_int64)(module.address("f"))(42)
    assert seen == [42]


def test_same_names_in_different_modules_do_not_meet() -> None:
    modules = [compile_ir(constant_function(value), ["f"]) for value in range(5)]
    assert [call_integer(module) for module in modules] == list(range(5))


def test_same_program_shares_its_code_while_it_lives() -> None:
    first = compile_ir(constant_function(1001), ["f"])
    second = compile_ir(constant_function(1001), ["f"])
    assert second.origin == "live"
    assert second.address("f") == first.address("f")
    assert second.from_cache


def test_code_is_freed_with_its_last_module() -> None:
    first = compile_ir(constant_function(1002), ["f"])
    second = compile_ir(constant_function(1002), ["f"])
    code = weakref.ref(first._code)
    del first
    gc.collect()
    assert code() is not None
    assert call_integer(second) == 1002
    del second
    gc.collect()
    assert code() is None


def test_disabled_cache_compiles_anew() -> None:
    compile_ir(constant_function(1003), ["f"])
    with cache.disabled():
        module = compile_ir(constant_function(1003), ["f"])
    assert module.origin == "compiled"
    assert not module.from_cache
    assert module.object_size > 0
    stages = module.times
    assert min(stages.parse, stages.passes, stages.codegen, stages.link) > 0
    total = stages.parse + stages.passes + stages.codegen + stages.link
    assert total <= module.compile_seconds


def test_threads_compile_side_by_side() -> None:
    found: dict[int, int] = {}

    def work(first: int) -> None:
        for value in range(first, first + 10):
            found[value] = call_integer(compile_ir(constant_function(value), ["f"]))

    threads = [threading.Thread(target=work, args=(2000 + 5 * k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {value: value for value in range(2000, 2035)}


def test_interpreter_ends_cleanly_with_code_alive() -> None:
    code = """
import numpy as np
from taylor_runtime.engine.call import function_pointer, make_ufunc
from taylor_runtime.engine.compiler import compile_ir
text = "define void @f(ptr %a, ptr %d, ptr %s, ptr %x) nounwind {\\n  ret void\\n}"
module = compile_ir(text, ["f"])
ufunc = make_ufunc({"float64": module.address("f")}, 1, 1, "f", owner=module)
pointer = function_pointer(module.address("f"), "void(*)(void *, void *, void *, void *)", module)
cycle = [module, ufunc, pointer]
cycle.append(cycle)
"""
    done = in_fresh_process(code)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("define void @f() {\n  ret i32 1\n}", "value doesn't match function result type"),
        ("this is no program", "expected top-level entity"),
        (
            "define double @f(i1 %c) {\n  br i1 %c, label %a, label %b\n"
            "a:\n  %x = fadd double 1.0, 2.0\n  br label %b\nb:\n  ret double %x\n}",
            "does not dominate",
        ),
    ],
)
def test_invalid_programs_are_refused(text: str, problem: str) -> None:
    with pytest.raises(CompileError, match=problem) as caught:
        compile_ir(text, ["f"], label="the pendulum")
    assert "'the pendulum'" in str(caught.value)


def test_undefined_exports_are_refused() -> None:
    with pytest.raises(CompileError, match=r"Symbols not found.*check functions="):
        compile_ir(constant_function(1), ["absent"])


def test_undefined_imports_are_refused() -> None:
    text = "declare void @absent()\ndefine void @f() {\n  call void @absent()\n  ret void\n}"
    with pytest.raises(CompileError, match="check functions= and externals="):
        compile_ir(text, ["f"])


def test_unknown_names_and_options_are_refused() -> None:
    module = compile_ir(constant_function(7), ["f"])
    with pytest.raises(KeyError, match="no function 'g'; it has f"):
        module.address("g")
    with pytest.raises(ValueError, match="passes='O4'"):
        Options(passes="O4")
    with pytest.raises(ValueError, match="codegen=5"):
        Options(codegen=5)
    with cache.disabled(), pytest.raises(ValueError, match="'magic'"):
        compile_ir(constant_function(7), ["f"], options=Options(passes=("magic",)))
