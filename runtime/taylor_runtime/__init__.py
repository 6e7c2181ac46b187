"""Back end of taylor: programs of Taylor coefficients -> machine code.

`program` holds what is handed over, `callables` what comes back; the rooms between are listed in
order in taylor/README.md.
"""
