"""Other processors: code for AArch64 looks as it should, older x86-64 ones give the same bits."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache

import pytest

import taylor as ty
from taylor_runtime.engine.compiler import assembly
from taylor_runtime.engine.target import LEVELS, Target

X86 = Target.host().triple.startswith("x86_64")
OLDER = [
    name
    for name in LEVELS
    if X86 and Target.named(name).runs_on(Target.host()) and Target.host().has_fma
]
PYTHON_API = {
    *("PyFloat_AsDouble", "PyFloat_FromDouble", "PyTuple_New", "PyTuple_SetItem", "Py_IncRef"),
    *("taylor.new_float64", "PyObject_Vectorcall", "PyTuple_GetItem"),
    *("taylor.clear_flags", "malloc", "free", "memcpy", "memset"),
}
# Results as hexadecimal text: formulas over arrays and alone, jets, and an integration.
PROGRAM = """
import hashlib
import numpy as np
import taylor as ty
x, y = ty.variables("x y")
f = ty.compile([ty.sin(x) * ty.exp(y) + x**y, ty.atan2(x, y) * ty.log(x), ty.erf(x) / y], [x, y])
points = np.random.default_rng(0).uniform(0.1, 3, (2, 101))
parts = [np.array(f(*points)), np.array(f(0.3, 0.7)), np.array(f(1e300, 0.5))]
parts.append(ty.jet(lambda t: ty.tan(t) * ty.cbrt(t), points[0], order=6))
pendulum = ty.Integrator([(x, y), (y, -9.8 * ty.sin(x))], [0.05, 0.025])
pendulum.propagate_until(10.0)
parts.append(np.array(pendulum.state))
coefficients = np.random.default_rng(1).normal(size=(4, 210))
for kind in ("float64", "float32", "double-double"):
    p = ty.Polynomial(coefficients, "a b c d").astype(kind)
    parts += [(p * p[0]).coefficients, p.compose(p - p.constant_part).coefficients]
    parts.append(p.astype("float64")(points[:, :100].reshape(50, 4)))
print(hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest())
"""


def arm() -> Target:
    try:
        return Target.foreign("aarch64-unknown-linux-gnu")
    except ValueError:
        pytest.skip("llvmlite was built without the AArch64 back end")


def calls(listing: str) -> set[str]:
    """Functions that an AArch64 listing calls and does not define."""
    called = set(re.findall(r"^\s+bl?\s+\"?([A-Za-z_][\w.]*)\"?$", listing, re.MULTILINE))
    defined = set(re.findall(r"^\"?([A-Za-z_][\w.]*)\"?:", listing, re.MULTILINE))
    return {name for name in called - defined if not name.startswith(".L")}


def test_formula_on_aarch64_uses_fused_vectors_and_no_library() -> None:
    x, y = ty.variables("x y")
    f = ty.compile([ty.sin(x * y) + x**y, ty.erf(x)], [x, y])
    listing = assembly(f._code.module.ir, arm())
    assert len(re.findall(r"\bfm(la|ls)\tv\d+\.2d", listing)) > 50
    assert calls(listing) <= PYTHON_API


def test_step_loop_on_aarch64_uses_fused_vectors_and_no_library() -> None:
    q = ty.variable("q", shape=(12,))
    p = ty.variable("p", shape=(12,))
    integrator = ty.Integrator([(q, p), (p, -ty.sin(q))], [0.1] * 24)
    listing = assembly(integrator._machine.stepper.module.ir, arm())
    assert len(re.findall(r"\bfm(la|ls)\tv\d+\.2d", listing)) > 5
    assert calls(listing) <= PYTHON_API


@cache
def run_for(cpu: str) -> str:
    """What PROGRAM prints on a processor; that of the host for an empty name."""
    path = os.pathsep.join(sys.path)
    environment = {**os.environ, "PYTHONPATH": path, "TAYLOR_CPU": cpu, "TAYLOR_CACHE": "off"}
    return subprocess.check_output([sys.executable, "-c", PROGRAM], env=environment, text=True)


@pytest.mark.parametrize("cpu", OLDER)
def test_older_processors_give_the_same_bits(cpu: str) -> None:
    assert run_for(cpu) == run_for("")


def test_unknown_back_end_is_an_error() -> None:
    with pytest.raises(ValueError, match="no back end for 'pdp11-dec-unix'"):
        Target.foreign("pdp11-dec-unix")
