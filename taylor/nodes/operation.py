"""What is known of one operation: the record that every walk over the graph asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from taylor.errors import UnsupportedFunctionError
from taylor.nodes.node import ONE, Node
from taylor_runtime.program.records import dataclass

# Binding strength of text, weakest first, as in Python.
OR, AND, COMPARE, SUM, PRODUCT, UNARY, POWER, ATOM = range(8)

# A piece waiting to be written: text, or a node with the binding strength its place asks for.
Piece = str | tuple[Node, int]
Text = tuple[list[Piece], int]  # the pieces of a node, and how strongly they bind

# How a result changes with one operand: an exact factor, a node, or None where it does not.
Slope = Any


def no_slopes(e: Any, active: Sequence[bool]) -> Sequence[Slope]:
    """The slopes of what is constant in pieces."""
    return [None] * len(e.args)


def nowhere(e: Any, signs: Sequence[int], vary: Sequence[bool]) -> bool:
    """That an operation may have kinks or jumps."""
    return False


def everywhere(e: Any, signs: Sequence[int], vary: Sequence[bool]) -> bool:
    """That an operation is smooth."""
    return True


def unknown(models: Any, e: Any, parts: Sequence[Any]) -> Any:
    """The model of what moves nobody knows how far."""
    return models.unknown(e)


def nothing_known(known: Any, e: Any, parts: Sequence[Any]) -> Any:
    """What is known of digits where a record says nothing."""
    return known.nothing


def call_text(e: Any, names: Any) -> Text:
    """The text of a call: name(operand, ...)."""
    return [f"{getattr(e.op, 'label', e.op)}(", *listed(e.args), ")"], ATOM


def no_rule(*args: Any) -> NoReturn:
    """What a walk finds that asks a record for what it does not say."""
    e = next(arg for arg in args if isinstance(arg, Node))
    raise UnsupportedFunctionError(
        f"{e.op}: its record (taylor.nodes.operation.Operation) has no rule for that; an operation "
        "of arrays has to be spelled out by `taylor.expressions.scalars` first"
    )


def listed(nodes: Sequence[Any]) -> list[Piece]:
    """Pieces of nodes with commas between them."""
    pieces: list[Piece] = []
    for node in nodes:
        pieces.extend([", ", (node, OR)])
    return pieces[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation, stated once; elementary functions share the record `FUNCTION`.

    Walks hand over the node `e` and what they found of its operands, in their order.  A walk that
    knows more than nodes (evaluation, rows of programs, SymPy) hands over itself as well, and is
    asked for sums, products and whatever else it has, as `Function.recurrence` asks its builder: so
    records know of no later room.

    name:     `Node.op`.
    build:    (e, args) -> the same operation on other operands, in normal form.
    text:     (e, names) -> pieces and their strength; names: of nodes that are not spelled out.
    elements: (e, object arrays of scalars) -> object array of the result's; None for operations
              that work element by element.  An operation that has it never reaches the walks below,
              which take scalars: only elements of inputs do (`index`), as leaves.
    spelled:  (e, object arrays, spelling) -> the elements of all results, one after the other, of
              an operation with graphs inside; the spelling is that of `expressions.scalars`.
    moves:    whether the elements are those of the operands, elsewhere; `elements` then takes
              arrays of numbers as well.
    chooses:  whether the elements are some of the first operand's, at places that are known or are
              the other operand.
    whole:    (algebra, e, arrays of numbers) -> array: what NumPy makes of whole arrays, for an
              operation that has `elements` and does not move.
    value:    (algebra, e, values) -> value; the algebra is one of `expressions.evaluate`.
    sympy:    (translation, e) -> SymPy expression; the translation is that of `bridges.sympy`.
    slopes:   (e, active) -> partial derivatives by the operands, needed where `active` is true.
    tangent:  (e, tangents by operand) -> derivative, if that is no sum of slopes times tangents.
    adjoints: (e, adjoint, guard) -> operands, their shares of the adjoint, and the conditions under
              which these count, if they are no slopes times the adjoint; guard: when e counts.
              A share is a node of the operand's shape, or elements of it that are `Placed`.
    check_backward: (e, whether a node varies) -> None: warns of what the way back leaves out.
    pullback: (e, adjoints by result, whether operands count, walk) -> shares by operand, of an
              operation with graphs inside; None for those that are zero, here and there; the walk
              is that of `transforms.reverse`.
    expanded: e -> the same made of operations that have derivatives, for one that has none itself.
    widen:    (e, further components by operand, expand) -> all results, each a list with further
              components where it has any, of an operation with graphs inside: tangents, or Taylor
              coefficients beyond the value; operands and what `expand` gives of nodes, from
              components of inputs, are None where they have none.
    batch:    (e, operands, many) -> e for many at once: operands, and the result, have one axis
              more in front where they are not the same for all; of an operation with graphs inside
              the list of its results.  `many` is that of `transforms.batching`.  None for what
              works element by element.
    error:    (e, errors by operand) -> bound of the rounding error, in units of rounding.
    bound:    (models, e, models of the operands) -> model of e; `models` is that of
              `transforms.enclosure`.
    digits:   (known, e, what is known of the operands) -> whether e is whole, and how large it is
              at most; `known` is that of `language.running.digits`.  What moves or chooses elements
              need not say it.
    rows:     (walk, e) -> row of the program; the walk is that of `recurrences.decompose` and has a
              `builder` and the `rows` of the operands.  None for what has no rule there.
    array_rows: the same for whole arrays; the walk is that of `recurrences.arrays`.
    work:     e -> how many operations on scalars one of arrays is; by default by its size.
    operands: e -> the operands that need rows; None for all.
    absorbs:  (walk, e) -> operands that could become part of its own row; None for none.
    sign:     (e, signs of the operands) -> 2 if e is positive, 1 if it is never negative, 0 if
              nothing is known, whatever the inputs are.
    smooth:   (e, signs, whether operands vary) -> whether e has series wherever its operands have.
    edges:    e -> nodes that are zero wherever e is singular.
    surface:  (signs, e, zeros) -> formula of e's sign; `signs` is that of `surfaces.surfaces`, and
              says what the default is; `zeros`: whether the sign is 0 at zeros that change none.
    holds:    (signs, e) -> formula of a condition.
    """

    name: str
    build: Callable[[Any, Sequence[Any]], Any]
    text: Callable[[Any, Any], Text] = call_text
    elements: Callable[[Any, Sequence[Any]], Any] | None = None
    spelled: Callable[[Any, Sequence[Any], Any], Any] | None = None
    moves: bool = False
    chooses: bool = False
    whole: Callable[[Any, Any, Sequence[Any]], Any] | None = None
    value: Callable[[Any, Any, Sequence[Any]], Any] = no_rule
    sympy: Callable[[Any, Any], Any] = no_rule
    slopes: Callable[[Any, Sequence[bool]], Sequence[Slope]] = no_rule
    tangent: Callable[[Any, Mapping[Any, Any]], Any] | None = None
    adjoints: Callable[[Any, Any, Any], Iterable[tuple[Any, Any, Any]]] | None = None
    check_backward: Callable[[Any, Callable[[Any], bool]], None] | None = None
    pullback: Callable[[Any, Sequence[Any], Sequence[bool], Any], list[Any]] | None = None
    expanded: Callable[[Any], Any] | None = None
    widen: Callable[[Any, Sequence[Any], Any], list[Any]] | None = None
    batch: Callable[[Any, Sequence[Any], Any], Any] | None = None
    error: Callable[[Any, Mapping[Any, Any]], Any] = no_rule
    bound: Callable[[Any, Any, Sequence[Any]], Any] = unknown
    digits: Callable[[Any, Any, Sequence[Any]], Any] = nothing_known
    rows: Callable[[Any, Any], int] | None = None
    array_rows: Callable[[Any, Any], int] | None = None
    work: Callable[[Any], int] | None = None
    operands: Callable[[Any], tuple[Any, ...]] | None = None
    absorbs: Callable[[Any, Any], Sequence[Any]] | None = None
    sign: Callable[[Any, Sequence[int]], int] = lambda e, signs: 0
    smooth: Callable[[Any, Sequence[int], Sequence[bool]], bool] = nowhere
    edges: Callable[[Any], Sequence[Any]] = lambda e: ()
    surface: Callable[[Any, Any, bool], Any] = lambda signs, e, zeros: signs.inside(e)
    holds: Callable[[Any, Any], Any] = lambda signs, e: ONE


OPERATIONS: dict[str, Operation] = {}
"""Operations by name, all but elementary functions; `operations.table` fills it."""


def add_operations(records: Iterable[Operation]) -> None:
    """Enter records in the table."""
    OPERATIONS.update((record.name, record) for record in records)
