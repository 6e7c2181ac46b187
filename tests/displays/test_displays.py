"""What objects show in notebooks, pictures and tables."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import sympy
from sympy.parsing.sympy_parser import parse_expr

import taylor as ty
from taylor.displays.formulas import name, to_latex
from taylor.displays.progress import ProgressBar

X, V = ty.variables("x v")


def pendulum(**options: Any) -> ty.Integrator:
    return ty.Integrator([(X, V), (V, -ty.sin(X))], [1.0, 0.0], **options)


class Balanced(HTMLParser):
    """Checks that all that is opened is closed; `cells` are what is in cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.cells.append(data)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("x + 2*y", r"x + 2 \, y"),
        ("2*3*x", r"2 \cdot 3 \, x"),
        ("x*(y - z)", r"x \, \left(y - z\right)"),
        ("x - (y - z)", r"x - \left(y - z\right)"),
        ("x/(1 + y)", r"\frac{x}{1 + y}"),
        ("(x/y)**2", r"\left(\frac{x}{y}\right)^{2}"),
        ("x**(1/2)", r"x^{1/2}"),
        ("-x*y", r"-x \, y"),
        ("abs(x)*asin(y)", r"\left|x\right| \, \arcsin\left(y\right)"),
        ("besselj(0, x)", r"\operatorname{besselj}\left(0, x\right)"),
        ("where(x < 1e-05, x, 0)", r"\operatorname{where}\left(x < 1 \cdot 10^{-5}, x, 0\right)"),
        ("q[1, 2]", "q_{1, 2}"),
    ],
)
def test_formulae(text: str, latex: str) -> None:
    assert to_latex(text) == latex


def test_what_cannot_be_a_formula_is_none() -> None:
    assert to_latex("x + ...") is None and to_latex("x +") is None and to_latex("x" * 1000) is None


@pytest.mark.parametrize("text", ["alpha", "x1", "theta_dot", "r_sun", "mass", "v_12", "long_a_b"])
def test_names_are_braced(text: str) -> None:
    shown = name(text)
    assert shown.count("{") == shown.count("}") and shown.count("_") - shown.count(r"\_") <= 1


def test_formulae_mean_what_the_text_means() -> None:
    """SymPy's reading of the text, set by SymPy and by us, in numbers at a point."""
    texts = ["-x*y**2/(1 + z)", "x/y/z", "x - (y - z*x)", "(-x)**2*y", "-(x + y)*z", "x**-2"]
    rng = np.random.default_rng(2)
    for text in texts:
        latex = to_latex(text)
        assert latex is not None
        plain = latex.replace(r"\,", "*").replace(r"\left(", "(").replace(r"\right)", ")")
        while r"\frac" in plain:  # innermost first: a fraction has no braces in it then
            head, _, rest = plain.rpartition(r"\frac{")
            depth, k = 1, 0
            while depth:
                depth += {"{": 1, "}": -1}.get(rest[k], 0)
                k += 1
            above, rest = rest[: k - 1], rest[k + 1 :]
            depth, k = 1, 0
            while depth:
                depth += {"{": 1, "}": -1}.get(rest[k], 0)
                k += 1
            plain = f"{head}(({above})/({rest[: k - 1]})){rest[k:]}"
        plain = plain.replace("^{", "**(").replace("}", ")")
        point = dict(zip(sympy.symbols("x y z"), rng.uniform(1, 2, 3), strict=True))
        mine, wanted = (parse_expr(t).subs(point) for t in (plain, text))
        assert abs(mine - wanted) < 1e-12, text


def test_notebooks_show_tables() -> None:
    k = ty.parameter("k")
    ta = ty.Integrator([(X, V), (V, -k * X)], [1.0, 0.0], parameters={k: 2.0})
    cells = Balanced(ta._repr_html_()).cells
    assert r"$\dot{x} =$" in cells and r"$-k \, x$" in cells
    out = ta.propagate_until(1.0)
    cells = Balanced(out._repr_html_()).cells
    assert "REACHED" in cells and f"{np.cos(np.sqrt(2)):.10g}" in cells
    fan = ty.ensemble(ta, np.ones((20, 2)), until=1.0)
    assert "... 8 more" in Balanced(fan._repr_html_()).cells
    d = ty.derivatives(lambda x, y: x**2 * y, (1.0, 3.0), order=2)
    assert "6" in Balanced(d._repr_html_()).cells
    assert Balanced(ta.explain()._repr_html_()).cells[0].startswith("2 states")
    assert (X * ty.sin(V))._repr_latex_() == r"$x \, \sin\left(v\right)$"
    large = ty.sum([ty.sin(k * X) for k in range(200)])
    assert large._repr_latex_() is None


def test_names_in_tables_are_escaped() -> None:
    q = ty.variable("<b>")
    shown = ty.Integrator([(q, -q)], [1.0]).propagate_until(1.0)._repr_html_()
    assert "<b>" not in shown and "&lt;b&gt;" in shown


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_tables_have_the_numbers(precision: str) -> None:
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    ta = pendulum(precision=precision)
    times = np.linspace(0.0, 3.0, 7)
    out = ta.propagate_grid(times)
    assert out.states is not None
    states = out.states if precision == "float64" else out.states.sum(axis=-1)
    table, data = out.to_dataframe(), out.to_xarray()
    assert isinstance(table, pandas.DataFrame) and isinstance(data, xarray.Dataset)
    assert table.index.name == "time" and list(table.columns) == ["x", "v"]
    assert np.array_equal(table.to_numpy(), states) and np.array_equal(data["x"], states[:, 0])
    assert np.array_equal(data["time"], times) and data.attrs["status"] == "REACHED"
    starts = np.stack([np.linspace(0.1, 1.0, 3), np.zeros(3)], axis=1)
    fan = ty.ensemble(pendulum(), starts, times=times)
    assert fan.to_dataframe().loc[(2, 1.5), "x"] == fan.states[2, 3, 0]
    assert fan.to_xarray()["v"].dims == ("trajectory", "time")
    own = ty.ensemble(pendulum(), starts, times=times + np.arange(3)[:, None])
    assert own.to_xarray()["time"].shape == (3, 7)
    ends = ty.ensemble(pendulum(), starts, until=1.0)
    assert list(ends.to_dataframe()["status"]) == ["REACHED"] * 3


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    out = pendulum().propagate_until(1.0)
    for package, make in (("pandas", out.to_dataframe), ("xarray", out.to_xarray)):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(ty.TaylorError, match=f"pip install {package}"):
            make()


def test_plots_draw_what_is_there() -> None:
    pytest.importorskip("matplotlib")
    ta = pendulum(events=[ty.Event(X)])
    out = ta.propagate_until(10.0, dense=True)
    axes = out.plot().axes[0]
    curve = axes.lines[0]
    assert np.allclose(curve.get_ydata(), out.dense(curve.get_xdata())[:, 0])
    assert len(axes.lines) == 2 + len(out.events[0].times)
    assert out.plot(X, V).axes[0].get_xlabel() == "x"
    with pytest.raises(ty.ArgumentError, match="dense=True"):
        ta.propagate_until(11.0).plot()
    with pytest.raises(ty.ArgumentError, match="no state"):
        out.plot("z")
    starts = np.stack([np.linspace(0.1, 1.0, 3), np.zeros(3)], axis=1)
    fan = ty.ensemble(pendulum(), starts, times=np.linspace(0.0, 3.0, 7))
    assert np.array_equal(fan.plot().axes[0].lines[0].get_xdata(), fan.states[0, :, 0])
    assert len(ty.ensemble(pendulum(), starts, until=1.0).plot().axes[0].lines) == 3


def test_plots_of_polynomials() -> None:
    pytest.importorskip("matplotlib")
    x = ty.Polynomial.variables("x", order=6)[0]
    cut, whole = np.exp(x).plot(2.0).axes[0].lines
    at = whole.get_xdata()
    assert np.allclose(whole.get_ydata(), sum(at**k / np.prod(range(1, k + 1)) for k in range(7)))
    assert np.allclose(cut.get_ydata(), sum(at**k / np.prod(range(1, k + 1)) for k in range(5)))
    a, b = ty.Polynomial.variables("a b", order=4)
    assert (a * b).plot().axes[0].get_xlabel() == "a"
    decay = np.stack([a * b, 1 + a**3]).plot().axes[0].lines
    assert list(decay[1].get_xdata()) == [0, 3]
    with pytest.raises(ty.ArgumentError, match="radius"):
        x.plot(-1.0)


@pytest.mark.parametrize("missing", [(), ("tqdm", "tqdm.auto"), ("tqdm", "tqdm.auto", "rich")])
def test_progress(
    missing: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bar by tqdm, by rich, and by ourselves."""
    for package in missing:
        monkeypatch.setitem(sys.modules, package, None)
        if package == "rich":
            monkeypatch.setitem(sys.modules, "rich.console", None)
            monkeypatch.setitem(sys.modules, "rich.progress", None)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("taylor.displays.progress.QUIET_SECONDS", 0.0)
    monkeypatch.setattr("taylor.displays.progress.REDRAW_SECONDS", 0.0)
    bar = ProgressBar(0.0, 10.0, True)
    for time in (1.0, 5.0, 10.0):
        bar.show(time)
    bar.close()
    shown = capsys.readouterr().err
    assert "100" in shown and "t = 10" in shown
    quiet = ProgressBar(0.0, 10.0, False)
    quiet.show(5.0)
    quiet.close()
    assert capsys.readouterr().err == ""
