"""Sums of products in the place of rows that only other sums read, where products are shared."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from taylor_runtime.program.flow import FlowProgram, verify_flow
from taylor_runtime.program.program import Coefficient, Convolution, Number, Operand, Term
from taylor_runtime.program.signature import renumbered, rows_used


def inlined(program: FlowProgram) -> FlowProgram:
    """The same program without rows of sums that others only add up."""
    terms = {
        index: row.step.terms
        for index, row in enumerate(program.rows)
        if row.step and _is_sum(program, index)
    }
    for index in _read_otherwise(program):
        terms.pop(index, None)
    if not terms:
        return program
    rows = list(program.rows)
    for index, row in enumerate(rows):
        if row.step is not None and program.is_polynomial(index):
            found = _spelled_out(row.step.terms, terms)
            rows[index] = replace(row, step=replace(row.step, terms=found))
            if index in terms:
                terms[index] = found
    return verify_flow(without_rows(replace(program, rows=tuple(rows)), terms))


def without_rows(program: FlowProgram, rows: Container[int]) -> FlowProgram:
    """The program without rows that nobody reads."""
    kept = [index for index in range(len(program.rows)) if index not in rows]
    place = {index: position for position, index in enumerate(kept)}
    return replace(
        program,
        rows=tuple(renumbered(program.rows[index], place) for index in kept),
        outputs=tuple((place[row], lane) for row, lane in program.outputs),
        sources=tuple(program.sources[index] for index in kept),
        steady=tuple(program.steady[index] for index in kept),
    )


def _is_sum(program: FlowProgram, index: int) -> bool:
    """Whether a row is a sum that has products of polynomials in it."""
    row = program.rows[index]
    step = row.step
    if step is None or row.start is not None or not program.is_polynomial(index):
        return False
    plain = all(term.head is None and not isinstance(term.constant, tuple) for term in step.terms)
    products = any(isinstance(term.operand, Convolution) for term in step.terms)
    moves = not program.steady[index]
    return plain and products and moves and step.times == "1" and step.divisor is None


def _read_otherwise(program: FlowProgram) -> set[int]:
    """Rows that somebody reads who does not add their newest coefficient to a sum."""
    found = {row for row, _ in program.outputs}
    for index, row in enumerate(program.rows):
        terms = row.step.terms if row.step else ()
        added = [
            term.operand.row
            for term in terms
            if isinstance(term.operand, Coefficient)
            and not term.operand.lag
            and term.head is None
            and not isinstance(term.constant, tuple)
            and program.is_polynomial(index)
        ]
        used = rows_used(row)
        found |= {one for one in used if used.count(one) > added.count(one)}
    return found


def _spelled_out(terms: tuple[Term, ...], sums: dict[int, tuple[Term, ...]]) -> tuple[Term, ...]:
    """Terms, those of sums in the place of these; equal operands once."""
    found: list[tuple[Number, Term]] = []
    for term in terms:
        operand = term.operand
        if isinstance(operand, Coefficient) and operand.row in sums and not operand.lag:
            assert not isinstance(term.constant, tuple)
            found += [(term.constant, one) for one in sums[operand.row]]
        else:
            found.append((1, term))
    merged: dict[tuple[Operand, int | None, bool], Term] = {}
    for position, (factor, term) in enumerate(found):
        constant = term.constant
        if isinstance(constant, tuple):
            merged[term.operand, position, True] = term
            continue
        key = (term.operand, term.head, False)
        before = merged.get(key)
        total = constant * factor + (0 if before is None else before.constant)  # type: ignore[operator]
        merged[key] = replace(term, constant=total)
    return tuple(merged.values())
