"""What users hold: operators, NumPy's protocols, tracing, printing, evaluation.

Imports `numbers` and `nodes`.
"""
