"""Marks of SciPy's own tests, which `test_scipy_ivp_suite.py` runs."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    for name in ("fail_slow", "thread_unsafe"):
        config.addinivalue_line("markers", f"{name}: of SciPy's own tests")
