"""Elementary functions at order zero: value in, value out, in `families` by name.

`basics` < `double` < `double_double` with `quad_double` < families for all kinds of numbers.
Imports `program` and `ir`.
"""
