"""Elementary functions at order zero: value in, value out; `families` by name, for `calls`.

`basics` < `double` < `double_double` with `quad_double` < families for all kinds of numbers.
Imports `program` and `ir`.
"""
