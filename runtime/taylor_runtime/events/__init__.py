"""Events as machine code: `roots` of one polynomial, `series` of the event functions, the `walk`
through a step, and the `detector` that the step loop calls.
"""
