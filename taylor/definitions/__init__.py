"""Functions that users define: by Python, coefficients, tables, equations."""
