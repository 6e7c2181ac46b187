"""Long texts as two, which two threads make machine code of at once.

What is cut off are functions that need nothing of the others, as products of matrices are.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from taylor_runtime.engine.objects import LONG, Options, Times, settled, timed_object_code
from taylor_runtime.engine.target import Target

LEAST = 0.2  # of a text that is worth a thread
MARK = b"taylor: two object files\n"
_NAMES = re.compile(r"@([\w.$-]+)")

# Each thread has a target machine of its own: of two such threads, one at a time.
_making = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _making.acquire(),
        after_in_parent=lambda: _making.release(),
        after_in_child=lambda: _making.release(),
    )


def object_files(text: str, target: Target, options: Options, label: str) -> tuple[bytes, Times]:
    """The object file of a text, or both of a long one, as `apart` takes them; and what it took."""
    options = settled(options, text)
    halves = cut(text) if len(text) >= LONG and _processors() > 1 else None
    if halves is None:
        return timed_object_code(text, target, options, label)
    with _making:
        make = partial(timed_object_code, target=target, options=options, label=label)
        (first, times), (second, others) = _both(
            lambda: make(halves[0], worker="first half"),
            lambda: make(halves[1], worker="second half"),
        )
    both = MARK + len(first).to_bytes(8, "little") + first + second
    return both, Times(*map(max, times, others))


def apart(data: bytes) -> list[bytes]:
    """The object files that `object_files` gave.

    >>> apart(b"one")
    [b'one']
    """
    if not data.startswith(MARK):
        return [data]
    begin = len(MARK) + 8
    end = begin + int.from_bytes(data[len(MARK) : begin], "little")
    return [data[begin:end], data[end:]]


def cut(text: str) -> tuple[str, str] | None:
    """Two texts that, linked, are one; None where what can be cut off is no work for a thread.

    >>> one = "define internal void @f(ptr %x) nounwind {\\n  ret void\\n}\\n"
    >>> two = "define void @g(ptr %x) {\\n  call void @f(ptr %x)\\n  ret void\\n}\\n"
    >>> first, second = cut(two + one)
    >>> "declare hidden void @f(ptr) nounwind" in first
    True
    >>> second
    'define hidden void @f(ptr %x) nounwind {\\n  ret void\\n}\\n'
    """
    functions, others = _read(text)
    halves: list[set[str]] = [set(), set()]
    sizes = [0, 0]
    for name, found in sorted(functions.items(), key=lambda item: (item[1].moves, -item[1].size)):
        half = int(found.moves and sizes[0] > sizes[1])
        halves[half].add(name)
        sizes[half] += found.size
    wanted = [{used for name in half for used in functions[name].uses} for half in halves]
    if sizes[1] < LEAST * sum(sizes) or not all(map(_is_for_both, others)):
        return None
    one, two = (
        [line for line in others if wants.issuperset(_NAMES.findall(line)[:1])]
        + [functions[name].declared for name in sorted(wants & (functions.keys() - own))]
        + [found.told(name in asked) for name, found in functions.items() if name in own]
        for own, wants, asked in zip(halves, wanted, reversed(wanted), strict=True)
    )
    return "\n".join([*one, ""]), "\n".join([*two, ""])


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of a text: its first line, the others, and the names in them."""

    head: str
    body: str
    uses: frozenset[str]

    @property
    def size(self) -> int:
        return len(self.body)

    @property
    def moves(self) -> bool:
        """Whether it may be in another object file than those that call it."""
        return self.head.startswith("define internal ") and "alwaysinline" not in self.head

    @property
    def declared(self) -> str:
        """What is said of it in the other half."""
        types = re.sub(r" %[\w.]+", "", self.head).rstrip("{ ")
        return types.replace("define internal", "declare hidden", 1)

    def told(self, everywhere: bool) -> str:
        """Its text; everywhere: whether the other half calls it."""
        head = self.head.replace("internal", "hidden", 1) if everywhere else self.head
        return f"{head}\n{self.body}\n}}"


def _is_for_both(line: str) -> bool:
    """Whether both halves may have a line: no variable, nor addresses of functions."""
    if not line.startswith("@"):
        return True
    return " external " in line or (" private " in line and "ptr @" not in line)


def _read(text: str) -> tuple[dict[str, _Function], list[str]]:
    """The functions of a text by name, and all other lines."""
    rest, *pieces = f"\n{text}".split("\ndefine ")
    functions = {}
    for piece in pieces:
        inside, behind = piece.split("\n}", 1)
        head, body = inside.split("\n", 1)
        name = _NAMES.findall(head)[0]
        functions[name] = _Function(f"define {head}", body, frozenset(_NAMES.findall(body)))
        rest += behind
    return functions, [line for line in rest.splitlines() if line]


Made = tuple[bytes, Times]


def _both(one: Callable[[], Made], other: Callable[[], Made]) -> tuple[Made, Made]:
    """The results of two functions, one of them called in a thread that lives as long."""
    found: list[Made] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            found.append(other())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, name="taylor compiles half")
    try:
        thread.start()
    except RuntimeError:  # no more threads, or the interpreter ends
        return one(), other()
    try:
        mine = one()
    finally:
        thread.join()
    if errors:
        raise errors[0]
    return mine, found[0]


def _processors() -> int:
    """On how many this process may run."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
