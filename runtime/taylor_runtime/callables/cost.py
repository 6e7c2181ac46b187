"""What programs cost to run, in multiply-adds, and which rendering costs least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from taylor_runtime.engine.target import Target
from taylor_runtime.flows.shifts import shifts_of
from taylor_runtime.passes.pack import pack
from taylor_runtime.program.flow import LinearProgram
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Coefficient, Convolution, Kernel, Operand, Program
from taylor_runtime.program.signature import convolutions_of, is_square, rows_used
from taylor_runtime.program.widths import REGISTER
from taylor_runtime.series.layout import windows

PAIRS = 4.5  # of coefficients in a sum of old products, on average


_CONDITIONS = ("where", "not", "and", "or", "lt", "le", "gt", "ge", "eq", "ne")


EVERYDAY = frozenset(  # kernels that cost little, with their recurrences
    ("div", "pow", "sqrt", "exp", "log", "sin", "cos", "sinh", "cosh", "identity", *_CONDITIONS)
)


LINEAR = 1.15  # times as many multiply-adds are well spent, for the sake of many trajectories


UNROLLED_WORK = 1800  # operations of a program that is still written out


PACKED_WORK = 3400  # the same of a packed program, whose instructions do more each


CHAINED_WORK = 8000  # the same where lanes help little: what one order waits for is one long chain


PAIRED_WORK = 100_000  # of scalars, up to which packs of convolutions alone are looked at


SMALL_GAIN = 1.1  # by which packing must reduce the work


LEAST_GAIN = 1.6  # by which loops over packs of everything must, to be better than written-out code


STEP_WORK = 400  # what a step takes, in the same unit, besides the orders: checks, size, evaluation


NEARLY = 1.01  # of the least cost is as good as the least


KERNEL_WORK = 20


GATHER_WORK = 3


def work(program: Program) -> int:
    """Estimated operations on registers that one step takes.

    Gathers and kernels are counted by experience.
    """
    p = program.order
    total = 0.0
    for row, window in zip(program.rows, windows(program), strict=True):
        registers = -(-row.width // REGISTER)
        if isinstance(row.start, Kernel):
            total += KERNEL_WORK * registers
        if row.gather is not None and not row.gather.head and window is None:
            total += GATHER_WORK * registers * p
        if row.step is None or row.constant:
            continue
        terms = row.step.terms
        pairs = 0.0
        for term in terms:
            if term.operand.__class__ is not Coefficient:
                pairs += _pairs(term.operand)
        total += registers * (pairs * p * (p + 1) / 2 + len(terms) * p)
    return int(total)


def linear_pays(program: LinearProgram) -> bool:
    """Whether numbers and vectors of first derivatives are about as fast as polynomials for one
    trajectory: several in lanes are then faster by far.

    Counted are the multiply-adds of an order, for old products and for the newest; functions that
    derivatives alone have are to be everyday ones.
    """
    products = sum(1 + one.both for one in shifts_of(program.among).sums)
    vectors = len(shifts_of(program.among).pieces)
    registers = -(-(program.among.size - 1) // REGISTER)
    needed = set[int]()
    waiting = [row for row, _ in program.outputs[: len(program.outputs) // program.among.size]]
    linear = polynomial = 0.0
    for index, row in enumerate(program.rows):
        for c in convolutions_of(row.step.terms if row.step else ()):
            linear += _order(c, registers if program.is_polynomial(index) else 1, 1)
    while waiting:
        index = waiting.pop()
        if index not in needed:
            needed.add(index)
            waiting += rows_used(program.rows[index])
            step = program.rows[index].step
            for c in convolutions_of(step.terms if step else ()):
                polynomial += _order(c, products, vectors)
    starts = [row.start for index, row in enumerate(program.rows) if index not in needed]
    others = {str(start.function) for start in starts if isinstance(start, Kernel)}
    return others <= EVERYDAY and linear <= LINEAR * polynomial


def _order(c: Convolution, products: int, vectors: int) -> float:
    """Instructions that a convolution takes at an order."""
    if is_square(c):
        return (PAIRS + 1) * products
    if c.weight is not None:
        return PAIRS * (2 * products + 2 * vectors) + 3 * products
    return (PAIRS + 1) * 2 * products


def _pairs(operand: Operand) -> float:
    """Multiply-adds for each pair of coefficients."""
    if not isinstance(operand, Convolution):
        return 0.0
    square = operand.a == operand.b and operand.weight is None and operand.first == operand.last
    return 0.5 if square else (1.5 if operand.weight else 1.0)


Orders = Sequence[tuple[int, float]]  # orders to choose from, each with its log2 of h / rho


def cheapest(program: Program, orders: Orders) -> tuple[int, float]:
    """The order at which a written-out program has the least work per unit of time.

    A step takes longer with the order, between linearly (latency, and all that is done once) and
    quadratically (throughput), but is longer, too. Of orders that are nearly as good as the best,
    the lowest: it compiles sooner and rounds shorter steps.
    """
    costs: list[float] = []
    for order, log2_step in orders:
        operations = work(replace(program, order=order))
        if operations > UNROLLED_WORK and costs:
            break
        costs.append((STEP_WORK + operations) * 2.0**-log2_step)
    least = min(costs)
    return next(o for o, cost in zip(orders, costs, strict=False) if cost <= NEARLY * least)


def choose(program: Program, element: str = "double") -> tuple[Program, bool]:
    """The program, packed or not, and whether to write its loops out.

    Written-out code has no loops to wait for but must fit the instruction cache, so it is for small
    programs, there lanes pay for convolutions alone; and for larger ones where full lanes do not
    make less work: these are bound by latency.
    """
    operations = ELEMENTS[element].operations
    packed, small = pack(program), program
    small_work, packed_work = work(program), work(packed)
    if small_work <= PAIRED_WORK // operations:
        paired = pack(program, small=True)
        paired_work = work(paired)
        if paired_work * SMALL_GAIN <= small_work:
            small, small_work = paired, paired_work
    gain = SMALL_GAIN if small is program else 1
    if small_work <= packed_work * gain:
        return small, small_work <= CHAINED_WORK // operations
    if small_work <= min(UNROLLED_WORK // operations, packed_work * LEAST_GAIN):
        return small, True
    return packed, packed_work <= PACKED_WORK // operations


NARROW = 6  # vectors of 8 doubles in 16 registers of four


def register_room() -> int:
    """Vectors of 8 doubles that sums of products may take."""
    from taylor_runtime.arrays.choice import ROOM  # loaded with the first program of arrays

    return ROOM if Target.host().vector_bits >= 512 else NARROW
