"""Functions that call themselves and each other, as one loop with the calls that wait in rows.

calls    finds out that a function is called inside of itself, as a traced value decides
traced   its body, traced with nodes for the calls
opened   the same without calls inside of loops and branches
needs    under which conditions a call is wanted
stages   cut at the calls; what has to be kept meanwhile
called   the same stages as calls of machine code
machine  the loop over stages
"""
