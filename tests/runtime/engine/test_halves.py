"""Long texts that two threads make: linked, they do what the whole does."""

from __future__ import annotations

import ctypes

import pytest

from taylor_runtime.engine import cache, halves, objects
from taylor_runtime.engine.compiler import CompileError, Options, compile_ir
from taylor_runtime.engine.halves import apart, cut, object_files
from taylor_runtime.engine.target import Target

TABLE = "@table.0 = private unnamed_addr constant [2 x double] [double 3.0, double 5.0], align 64\n"
HELPER = """define internal fastcc double @helper(double %x) nounwind willreturn memory(none) {
  %y = fadd double %x, 1.0
  ret double %y
}
"""
INNER = """define internal void @inner(ptr %p, i64 %i) nounwind {
  %at = getelementptr inbounds double, ptr @table.0, i64 %i
  %c = load double, ptr %at
  %x = load double, ptr %p
  %y = call fastcc double @helper(double %x)
  %z = fmul double %y, %c
  store double %z, ptr %p
  ret void
}
"""
ENTRY = """define double @entry(double %x) nounwind {
  %p = alloca double
  %y = call fastcc double @helper(double %x)
  store double %y, ptr %p
  call void @inner(ptr %p, i64 1)
  %z = load double, ptr %p
  %c = load double, ptr @table.0
  %r = call double @llvm.fma.f64(double %z, double %c, double %z)
  ret double %r
}
"""
DECLARED = "declare double @llvm.fma.f64(double, double, double)\n"
WHOLE = TABLE + ENTRY + INNER + HELPER + DECLARED


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the length is, and the processors."""
    for module in (halves, objects):
        monkeypatch.setattr(module, "LONG", 0)
    monkeypatch.setattr(halves, "_processors", lambda: 2)


def value(text: str, x: float) -> float:
    with cache.disabled():
        module = compile_ir(text, ["entry"], options=Options(hasty=True))
        return float(ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(module.address("entry"))(x))


def test_halves_call_each_other(always: None) -> None:
    found = cut(WHOLE)
    assert found is not None
    first, second = found
    assert "@entry" in first
    assert "define hidden void @inner" in second
    assert "@table.0" in first and "@table.0" in second
    data, _ = object_files(WHOLE, Target.host(), Options(), "halves")
    assert len(apart(data)) == 2
    assert value(WHOLE, 1.5) == 3.5 * 5 * (1 + 3)


def test_short_texts_are_whole() -> None:
    data, _ = object_files(WHOLE, Target.host(), Options(), "whole")
    assert apart(data) == [data]
    assert value(WHOLE, 1.5) == 70.0


def test_one_processor_makes_one_file(always: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halves, "_processors", lambda: 1)
    data, _ = object_files(WHOLE, Target.host(), Options(), "whole")
    assert apart(data) == [data]


@pytest.mark.parametrize(
    "line",
    [
        "@counter = internal global i64 0",
        "@table.1 = private unnamed_addr constant [1 x ptr] [ptr @inner], align 64",
    ],
)
def test_variables_and_addresses_of_functions_are_not_cut(line: str) -> None:
    assert cut(f"{line}\n{WHOLE}") is None


def test_one_long_function_is_not_cut() -> None:
    assert cut(ENTRY + DECLARED) is None


def test_either_half_may_be_refused(always: None) -> None:
    for good in ("%z = fmul double %y, %c", "%z = load double, ptr %p"):
        with pytest.raises(CompileError, match="rejects the program"):
            value(WHOLE.replace(good, "%z = fmul double %nowhere, %nothing"), 1.0)
    assert value(WHOLE, 1.5) == 70.0


def test_the_switch_is_given_back(always: None) -> None:
    """What was made in haste does not change what is made afterwards."""
    patient = Options()
    before = objects.assembly(LOOP, Target.host(), patient)
    hasty = objects.assembly(LOOP, Target.host(), Options(hasty=True))
    assert objects.assembly(LOOP, Target.host(), patient) == before
    assert hasty != before


def test_loops_may_load_again(always: None) -> None:
    """In haste alone: what no turn changes stays within; afterwards it leaves loops as before."""
    patient = Options()
    before = objects.assembly(SCALED, Target.host(), patient)
    hasty = objects.assembly(SCALED, Target.host(), Options(hasty=True))
    both = objects.assembly(SCALED, Target.host(), Options(hasty=True, reloads=True))
    assert both != hasty
    assert objects.assembly(SCALED, Target.host(), Options(reloads=True)) == before
    assert objects.assembly(SCALED, Target.host(), patient) == before
    assert objects.assembly(SCALED, Target.host(), Options(hasty=True)) == hasty


def test_short_texts_are_made_in_haste_where_asked() -> None:
    target = Target.host()
    patient, hasty = (
        objects.assembly(LOOP, target, Options(hasty=h, short=h)) for h in (False, True)
    )
    assert hasty != patient
    assert objects.assembly(LOOP, target, Options(hasty=True)) == patient
    assert objects.assembly(LOOP, target, Options(short=True)) == patient


LOOP = """define void @entry(ptr %p, ptr %q, i64 %n) nounwind {
start:
  br label %head
head:
  %i = phi i64 [ 0, %start ], [ %next, %body ]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %body, label %done
body:
  %far = mul i64 %i, 784
  %a = getelementptr inbounds double, ptr %p, i64 %far
  %x = load double, ptr %a
  %b = getelementptr inbounds double, ptr %q, i64 %far
  %y = load double, ptr %b
  %s = fadd double %x, %y
  store double %s, ptr %b
  %next = add i64 %i, 1
  br label %head
done:
  ret void
}
"""
# The factor is a constant in memory.
SCALED = LOOP.replace(
    "%s = fadd double %x, %y",
    "%z = fadd double %x, %y\n  %s = fmul double %z, 0x400921FB54442D18",
)
