"""JAX's programs (jaxprs) as expressions: a rule for each primitive, and the walk over them."""
