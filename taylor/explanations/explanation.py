"""What the compiler made of a system or a function, to be read, used in a program, and drawn."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any

from taylor_runtime.callables.cost import work as work_of
from taylor_runtime.callables.explain import (
    VARIED,
    Instructions,
    Pack,
    count_instructions,
    explain_flow,
    explain_program,
)
from taylor_runtime.callables.stepper import Stepper
from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.program.records import dataclass

MOST_ROWS = 80  # of the printed table
MOST_NAMES = 3  # of a pack of inputs that are written out
MOST_WIDTH = 58  # of a formula in the table


@dataclass(frozen=True, repr=False)
class Explanation:
    """The compiled program of an integrator or a function.

    `print(explanation)` shows it as a table, `explanation.plot()` draws it, `explanation.save`
    writes a picture or Graphviz text.

    states:          names of the states; a function has none.
    parameters:      names of the parameters, or of a function's arguments.
    order:           of the Taylor series; 0 for a function.
    unrolled:        whether the loops over orders are written out.
    packs:           every row of the program in the order of evaluation (`taylor_runtime.Pack`:
                     operation, formula, width, lanes, convolutions, ...); a row of more than one
                     lane is a pack of like operations.
    work:            estimated operations on registers for one step.
    workspace_bytes: memory for the coefficients.
    code_bytes:      size of the object code.
    compile_seconds: from the expressions to machine code.
    origin:          "compiled", or where the object code was found: "disk", "memory", "live".
    coefficients:    numbers of a coefficient that depends on displacements; 1 without derivatives.
    varied:          names of the parameters that are displaced.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> explanation = ty.Integrator([(x, v), (v, -ty.sin(x))], [0.5, 0.0]).explain()
    >>> explanation.kernels, explanation.convolutions, explanation.rendering
    (2, 1, 'unrolled')
    """

    states: tuple[str, ...]
    parameters: tuple[str, ...]
    order: int
    unrolled: bool
    packs: tuple[Pack, ...]
    work: int
    workspace_bytes: int
    code_bytes: int
    compile_seconds: float
    origin: str
    _module: Any = field(repr=False, compare=False)
    coefficients: int = 1
    varied: tuple[str, ...] = ()

    # -- counts ---------------------------------------------------------------------------------

    @property
    def rendering(self) -> str:
        """ "unrolled" or "looped"."""
        return "unrolled" if self.unrolled else "looped"

    @property
    def rows(self) -> int:
        """Number of rows of the program."""
        return len(self.packs)

    @property
    def lanes_used(self) -> int:
        """Lanes of all packs that hold an operation."""
        return sum(pack.width for pack in self.packs if pack.width > 1)

    @property
    def lanes_occupied(self) -> int:
        """Lanes of all packs, with their padding."""
        return sum(pack.lanes for pack in self.packs if pack.width > 1)

    @property
    def convolutions(self) -> int:
        """Sums of products of coefficients, each for all lanes of its row."""
        return sum(pack.convolutions for pack in self.packs)

    @property
    def squares(self) -> int:
        """Convolutions of a row with itself, which cost half."""
        return sum(pack.squares for pack in self.packs)

    @property
    def weighted(self) -> int:
        """Convolutions whose terms have weights."""
        return sum(pack.weighted for pack in self.packs)

    @property
    def gathers(self) -> int:
        """Rows that copy lanes of others, by shuffles or from memory."""
        return sum(pack.operation == "gather" for pack in self.packs)

    @property
    def gathered_registers(self) -> int:
        """Registers that gathers fill at each order."""
        return sum(pack.registers for pack in self.packs if pack.operation == "gather")

    @property
    def windows(self) -> int:
        """Gathers that cost nothing: neighbouring lanes of one row, read in place."""
        return sum(pack.operation == "window" for pack in self.packs)

    @property
    def kernels(self) -> int:
        """Rows whose order zero is an elementary function, each for all its lanes."""
        return sum(bool(pack.kernel) for pack in self.packs)

    @property
    def multiply_adds(self) -> int:
        """Estimated useful multiply-adds of a step: recurrences, and the polynomials at its end."""
        recurrences = sum(pack.multiply_adds for pack in self.packs)
        return recurrences + len(self.states) * self.coefficients * self.order

    @property
    def vector_multiply_adds(self) -> int:
        """Operations on whole registers that the recurrences' multiply-adds become."""
        return sum(pack.vector_multiply_adds for pack in self.packs)

    @cached_property
    def instructions(self) -> Instructions:
        """Machine instructions of the step loop with the elementary functions it calls.

        The first use compiles the code again, because an object file keeps no listing.
        """
        counted = count_instructions(self._module).values()
        fields = zip(*(dataclasses.astuple(one) for one in counted), strict=True)
        return Instructions(*map(sum, fields))

    # -- text -----------------------------------------------------------------------------------

    def label(self, pack: Pack) -> str:
        """What a row computes, in a line: states by name, all else by the numbers of rows."""
        if not pack.inputs:
            return pack.formula
        names = [self._input_name(*place) for place in pack.inputs]
        if len(names) > MOST_NAMES:
            names = [names[0], names[1], "..", names[-1]]
        _, _, derivative = pack.formula.partition(" = ")
        joined = " ".join(names)
        return f"{joined}: d/dt = {derivative}" if derivative else joined

    def _input_name(self, source: str, slot: int) -> str:
        named = {"state": self.states, "parameter": self.parameters, VARIED: self.varied}
        known = named.get(source)
        return known[slot] if known else source

    def __str__(self) -> str:
        return "\n".join([*self._summary(), "", *self._table()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"

    def _summary(self) -> list[str]:
        kernels = Counter(pack.kernel for pack in self.packs if pack.kernel)
        names = ", ".join(f"{count} {name}" for name, count in kernels.items())
        packs = sum(pack.width > 1 for pack in self.packs)
        wide = f"packs ({self.lanes_used} of {self.lanes_occupied} lanes used)"
        if self.coefficients > 1:
            wide = f"polynomials of {self.coefficients} coefficients"
        code = self.instructions
        seconds = f"{self.compile_seconds:.3f} s ({self.origin})"
        what = f"{len(self.states)} states" if self.order else f"{len(self.parameters)} arguments"
        lines = {
            what: f"order {self.order}, {self.rendering}" if self.order else "a formula",
            "rows": f"{self.rows}, of which {packs} {wide}",
            "convolutions": f"{self.convolutions} ({self.squares} squares, "
            f"{self.weighted} weighted)",
            "gathers": f"{self.gathers} ({self.gathered_registers} registers an order), "
            f"{self.windows} windows that cost nothing",
            "kernels": f"{self.kernels} ({names})" if kernels else "0",
            "multiply-adds": f"{self.multiply_adds} {'a step' if self.order else 'a point'}; "
            f"estimated work {self.work}",
            "memory": f"{self.workspace_bytes} bytes of coefficients",
            "machine code": f"{self.code_bytes} bytes, {code.total} instructions: "
            f"{code.fused} fused, {code.vector} on wide registers, {code.moved} moving lanes",
            "compiled in": seconds,
        }
        width = max(map(len, lines))
        return [f"{name.ljust(width)}  {value}" for name, value in lines.items()]

    def _table(self) -> list[str]:
        columns = ("row", "operation", "lanes", "convolutions", "multiply-adds", "computes")
        shown = self.packs[:MOST_ROWS]
        cells = [columns, *(self._cells(pack) for pack in shown)]
        widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
        lines = []
        for line in cells:
            padded = [
                cell.rjust(width) if 2 <= i <= 4 else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            lines.append("  ".join(padded).rstrip())
        lines.insert(1, "-" * max(map(len, lines)))
        if len(self.packs) > len(shown):
            lines.append(f"... and {len(self.packs) - len(shown)} rows more")
        return lines

    def _cells(self, pack: Pack) -> Sequence[str]:
        lanes = f"{pack.width}/{pack.lanes}" if pack.width > 1 else "1"
        kinds = [
            f"{count} {name}"
            for count, name in ((pack.squares, "square"), (pack.weighted, "weighted"))
            if count
        ]
        convolutions = f"{pack.convolutions}" if pack.convolutions else ""
        if kinds:
            convolutions += f" ({', '.join(kinds)})"
        text = self.label(pack)
        text = text if len(text) <= MOST_WIDTH else text[: MOST_WIDTH - 3] + "..."
        count = str(pack.multiply_adds) if pack.multiply_adds else ""
        return (f"r{pack.number}", pack.operation, lanes, convolutions, count, text)

    # -- pictures -------------------------------------------------------------------------------

    @property
    def dot(self) -> str:
        """The program as text for Graphviz: packs as boxes, coloured by what they do."""
        from taylor.explanations.graph import dot_text

        return dot_text(self.packs, self._labels())

    def plot(self) -> Any:
        """A Matplotlib figure of the program: packs from the inputs on the left to the right.

        Raises ImportError without Matplotlib, ArgumentError for more rows than can be read.
        """
        from taylor.explanations.picture import draw

        return draw(self.packs, self._labels(), self._title())

    def _labels(self) -> list[str]:
        return [self.label(pack) for pack in self.packs]

    def _title(self) -> str:
        """What a picture says about the program, in a line."""
        counts = {
            "row": self.rows,
            "pack": sum(pack.width > 1 for pack in self.packs),
            "convolution": self.convolutions,
            "gather": self.gathers,
            "kernel": self.kernels,
        }
        shown = [f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items()]
        what = f"order {self.order}, {self.rendering}" if self.order else "formula"
        return f"{', '.join(shown)}; {what}"

    def save(self, path: str | Path) -> None:
        """Write the picture (.png, .svg, .pdf), or the text for Graphviz (.dot)."""
        path = Path(path)
        if path.suffix == ".dot":
            path.write_text(self.dot, encoding="utf-8")
            return
        figure = self.plot()
        figure.savefig(path, dpi=130, facecolor=figure.get_facecolor())


def explain_stepper(
    stepper: Stepper,
    states: Sequence[str],
    parameters: Sequence[str],
    seconds: float,
    varied: Sequence[str] = (),
) -> Explanation:
    """The explanation of an integrator's step loop."""
    program, size = stepper.program, 1
    if isinstance(program, FlowProgram):
        packs, size = explain_flow(program), program.among.size
        work = sum(pack.vector_multiply_adds for pack in packs)
    else:
        packs = explain_program(program, stepper.options.unrolled)
        work = work_of(program)
    return Explanation(
        states=tuple(states),
        parameters=tuple(parameters),
        order=program.order,
        unrolled=stepper.options.unrolled,
        packs=packs,
        work=work,
        workspace_bytes=stepper.workspace_bytes,
        code_bytes=stepper.module.object_size,
        compile_seconds=seconds,
        origin=stepper.module.origin,
        _module=stepper.module,
        coefficients=size,
        varied=tuple(varied),
    )


def explain_formula(module: Any, program: Any, arguments: Sequence[str]) -> Explanation:
    """The explanation of a compiled function; its rows have a lane for every point."""
    return Explanation(
        states=(),
        parameters=tuple(arguments),
        order=0,
        unrolled=True,
        packs=explain_program(program, unrolled=True),
        work=work_of(program),
        workspace_bytes=0,
        code_bytes=module.object_size,
        compile_seconds=module.compile_seconds,
        origin=module.origin,
        _module=module,
    )
