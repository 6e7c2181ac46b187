"""One record an operation of the graph: its normal form, its text, its value, its derivatives, ...

Imports the constructors of nodes; knows no room but `nodes`.
"""
