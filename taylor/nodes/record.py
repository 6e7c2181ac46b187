"""What is known of one elementary function: the record that everything else is derived from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from taylor.errors import UnsupportedFunctionError
from taylor_runtime.program.program import OwnKernel
from taylor_runtime.program.records import dataclass

BY_USER = "registered by the user"  # the reference of functions that are not the package's own


NOWHERE = 3  # no sign of an argument is enough for a function to be smooth


def unknown_sign(*signs: int) -> int:
    """The sign of a function that can have any."""
    return 0


def positive(*signs: int) -> int:
    """The sign of a function that is greater than zero, whatever its arguments."""
    return 2


def nonnegative(*signs: int) -> int:
    """The sign of a function that is at least zero, whatever its arguments."""
    return 1


def unknown_edges(*args: Any) -> tuple[Any, ...]:
    """Where a function is singular of which that is not known, or which is not."""
    return ()


def first_argument(*args: Any) -> Any:
    """What functions count that count their argument."""
    return args[0]


def no_sympy(sympy: Any, *args: Any) -> Any:
    """The translation of functions that SymPy does not have."""
    raise NotImplementedError


def that_of_expression(*args: Any) -> Any:
    """The derivative and the translation of a function made of others: ask its `expression`."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Equations:
    """How unknowns y follow from arguments x by equations g(x, y) = 0, as expressions of x and y.

    unknowns: the nodes y_j of the functions that the equations define.
    jacobian: dg_i/dy_j, row by row.
    partials: dg_i/dx_k, row by row.
    inverse:  the kernels that give the inverse of the jacobian, row by row.
    """

    unknowns: tuple[Any, ...]
    jacobian: tuple[tuple[Any, ...], ...]
    partials: tuple[tuple[Any, ...], ...]
    inverse: tuple[tuple[OwnKernel, ...], ...]


@dataclass(frozen=True, slots=True)
class Function:
    """One elementary function, stated once.

    Dispatch from NumPy, translation to and from SymPy, plain evaluation, symbolic derivatives,
    Taylor recurrences, documentation and tests all read this record.

    name: public name.
    arity: number of arguments.
    mpmath: ``(mp, *args) -> value``, with `mp` an mpmath context.
    numpy: ``(*arrays) -> array``, plain NumPy evaluation, elementwise.
    derivative: ``(*args: Expression) -> tuple of Expression``, one partial derivative an argument,
        accurate and finite wherever the function's own derivative is.
    recurrence: ``(builder: SeriesBuilder, *rows) -> row``; None has it made from the derivative.
    numpy_names: ufuncs of NumPy and SciPy that map onto it.
    sympy: ``(sympy, *args) -> SymPy expression``.
    sympy_names: SymPy classes that translate back.
    domain: where it is real, in words.
    reference: author, year and place of the recurrence.
    expression: ``(*args: Expression) -> Expression`` for a function made of others; that is what
        expressions contain in its place, so it has no kernel, no recurrence, no derivative and no
        translation of its own.
    defaults: values of the last arguments that may be left out.
    kernel: what gives its order-zero value, where that is not mathlib's kernel `name`.
    address: of a C function that computes the kernel; 0 where it is Python or our own.
    series: (record of the n-th derivative, coefficient) for a function of `coefficients.py`.
    equations: ``(*args: Expression) -> Equations`` for a function that equations define.
    edge: ``(n: Expression) -> Expression`` for a function that counts as `floor` does: the argument
        at which its value goes from n - 1 to n.
    counted: ``(*args: Expression) -> Expression``, which argument that is, the first one if nothing
        is said, or what is made of all of them.
    pieces: ``(*args: Expression) -> (e, (n: Expression) -> value)`` for a function that follows
        where another one, e, counts: what it is while that is n.
    orders: how many of the first arguments are exact integers that choose a function of a family,
        as n in besselj(n, x). They are constants of the kernel, after its rows, and the recurrence
        gets them after its rows as well; the partial derivatives by them are zero.
    fixed: how many of the first arguments may not vary: derivatives by them are not known, and an
        error.
    canonical: ``(*args: Expression) -> Expression or None``, another expression that stands for
        f(*args), if there is a simpler one; it also rejects orders that make no sense.
    about: more for the documentation.
    jumps: whether it is constant in pieces, as `floor` and `sign`: nothing is differentiated there.
    enclosure: ``(*models of the arguments) -> (value, radius)``, expressions: how far it can be
        from a value while every argument m moves by ``m.spread`` about ``m.middle``; None where
        nobody knows.
    steepest: the largest slope of a function that is nowhere larger than 1; 0 for others.
    sign: ``(*signs of the arguments) -> sign``, where 2 is for values above zero, 1 for none below,
        0 for all others; see `positive` and `nonnegative`.
    smooth_from: the sign of its first argument from which on it has series everywhere: 0 for a
        function without poles, ends of its domain, kinks, jumps and cuts, 1 or 2 for one whose last
        is at zero, and `NOWHERE`.
    branches: ``(*args: Expression) -> (condition, value, other)`` for a function that has two.
    edges: ``(*args: Expression) -> expressions`` that are zero wherever it is singular; empty where
        nobody knows.
    parity: 1 for f(-x) = f(x), -1 for f(-x) = -f(x), 0 for neither; f(x) and f(-x) share a node.
    """

    name: str
    arity: int
    mpmath: Callable[..., Any]
    numpy: Callable[..., Any]
    derivative: Callable[..., tuple[Any, ...]]
    recurrence: Callable[..., int] | None
    numpy_names: tuple[str, ...]
    sympy: Callable[..., Any]
    sympy_names: tuple[str, ...]
    domain: str
    reference: str
    expression: Callable[..., Any] | None = None
    defaults: tuple[Any, ...] = ()
    kernel: OwnKernel | str | None = None
    parity: int = 0
    jumps: bool = False
    enclosure: Callable[..., tuple[Any, Any]] | None = None
    steepest: int = 0
    sign: Callable[..., int] = unknown_sign
    smooth_from: int = 0
    branches: Callable[..., tuple[Any, Any, Any]] | None = None
    edges: Callable[..., tuple[Any, ...]] = unknown_edges
    address: int = 0
    series: tuple[Callable[..., Any], ...] = ()
    equations: Callable[..., Equations] | None = None
    edge: Callable[..., Any] | None = None
    counted: Callable[..., Any] = first_argument
    pieces: Callable[..., tuple[Any, Callable[..., Any]]] | None = None
    orders: int = 0
    fixed: int = 0
    canonical: Callable[..., Any] | None = None
    about: str = ""

    @property
    def built_in(self) -> bool:
        """Whether it is the package's own, and not registered by a user."""
        return self.reference != BY_USER

    @property
    def leading(self) -> int:
        """How many of the first arguments do not vary: orders and fixed ones."""
        return self.orders + self.fixed

    @property
    def value_kernel(self) -> str | OwnKernel:
        """The kernel that gives the order-zero value."""
        return self.kernel or self.name

    def check_fixed(self, varying: Sequence[bool]) -> None:
        """Raise UnsupportedFunctionError if one of the fixed arguments varies."""
        for position in range(self.fixed):
            if varying[position]:
                raise UnsupportedFunctionError(
                    f"{self.name}: there are no derivatives by argument {position + 1}; it has to "
                    "be a number, or a parameter that nothing is differentiated by"
                )
