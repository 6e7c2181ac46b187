"""Kernels with several results, as far as they are not among `program.kernels`."""
