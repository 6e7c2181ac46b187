"""Python's own control flow: `if`, `for`, `while` of a function's source as branches and loops.

A function is translated once for its source.  What comes out is an ordinary Python function, at the
same lines, in which every statement that decides something is a call of an operator
(`running/operations/operators.py`) that decides at run time: of numbers that are known it does what
Python does, of traced ones it makes a node (`switch`, `fori_loop`, `while_loop`).  This is
AutoGraph's way (Moldovan et al. 2019).  What AutoGraph's users stumbled over is answered here:

- bodies of statements become nested functions that share the cells of the variables, so that
  closures see what Python would show them, and unset variables are unset (`running/cells.py`);
- side effects in a branch or a turn are not done once, silently: only objects that the program has
  made itself may be changed, each change is noted in a journal, taken back, and becomes a result of
  the node (`running/journal.py`); all else is refused;
- a loop that begins with numbers and meets a traced condition later begins anew as a traced loop;
- what goes from turn to turn are the variables that are read later (`source/liveness.py`) and what
  a turn that is tried changes (`running/flow/slots.py`); their types and shapes have to stay, or
  the first turn is done apart; what cannot stay is refused, with the line.

    source/    text -> syntax tree -> checks -> jumps taken away -> operators, as a code object
    running/   what the operators do while a function is traced: `operations/` calls, `flow/`
               branches and loops, `values/` what a program holds
    recursion/ calls of a function that is being called already (`running/operations/calls.py`
               asks): nodes, then members without calls inside of loops and branches, stages, and
               one loop
    translated programs, as `taylor.program` makes them and `taylor.explain` shows them
"""
