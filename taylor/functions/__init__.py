"""Elementary functions: one record each, in files by family; the public callables made from them.

`record.py` says what a record holds, `registry.py` finds it by name.  To add a function, add its
record to a family and its name below; tests and documentation pick it up from the registry.
"""

from __future__ import annotations

# Importing a family registers its records.
from taylor.functions import (  # noqa: F401
    bessel,
    beta_family,
    combined,
    elliptic,
    exponential,
    gamma_family,
    hyperbolic,
    incomplete_gamma,
    integrals,
    inverse_error,
    kepler,
    lambert,
    network,
    piecewise,
    powers,
    special,
    trigonometric,
)
from taylor.functions.apply import apply as apply
from taylor.functions.apply import logsumexp as logsumexp
from taylor.functions.apply import prod as prod
from taylor.functions.apply import public as _public
from taylor.functions.apply import sum as sum
from taylor.functions.apply import where as where
from taylor.functions.lambert import lambertw as lambertw

exp = _public("exp")
expm1 = _public("expm1")
exp2 = _public("exp2")
log = _public("log")
log1p = _public("log1p")
log2 = _public("log2")
log10 = _public("log10")

sqrt = _public("sqrt")
cbrt = _public("cbrt")
hypot = _public("hypot")

sin = _public("sin")
cos = _public("cos")
tan = _public("tan")
asin = _public("asin")
acos = _public("acos")
atan = _public("atan")
atan2 = _public("atan2")

sinh = _public("sinh")
cosh = _public("cosh")
tanh = _public("tanh")
sech_squared = _public("sech_squared")
asinh = _public("asinh")
acosh = _public("acosh")
atanh = _public("atanh")

erf = _public("erf")
erfc = _public("erfc")
erf_derivative = _public("erf_derivative")

erfinv = _public("erfinv")
erfinv_derivative = _public("erfinv_derivative")
erfcinv = _public("erfcinv")
erfcinv_derivative = _public("erfcinv_derivative")

lambertw_derivative = _public("lambertw_derivative")
kepler_E = _public("kepler_E")
kepler_F = _public("kepler_F")
gamma = _public("gamma")
lgamma = _public("lgamma")
digamma = _public("digamma")
polygamma = _public("polygamma")

rgamma = _public("rgamma")
loggamma = _public("loggamma")
beta = _public("beta")
betaln = _public("betaln")
gammainc = _public("gammainc")
gammaincc = _public("gammaincc")
gammainc_derivative = _public("gammainc_derivative")

besselj = _public("besselj")
bessely = _public("bessely")
besseli = _public("besseli")
besseli_scaled = _public("besseli_scaled")

ellipk = _public("ellipk")
ellipe = _public("ellipe")
expi = _public("expi")
dawsn = _public("dawsn")
dawsn_derivative = _public("dawsn_derivative")

sin_over_x = _public("sin_over_x")
sinc = _public("sinc")
xlogy = _public("xlogy")
xlog1py = _public("xlog1py")
logit = _public("logit")
log_expit = _public("log_expit")
ndtr = _public("ndtr")
log_ndtr = _public("log_ndtr")
logaddexp = _public("logaddexp")

abs = _public("abs")
sign = _public("sign")
floor = _public("floor")
minimum = _public("minimum")
maximum = _public("maximum")

sigmoid = _public("sigmoid")
sigmoid_derivative = _public("sigmoid_derivative")
softplus = _public("softplus")
relu = _public("relu")
leaky_relu = _public("leaky_relu")

# Literal lists, which type checkers read.
__all__ = ["exp", "expm1", "exp2", "log", "log1p", "log2", "log10"]
__all__ += ["sqrt", "cbrt", "hypot"]
__all__ += ["sin", "cos", "tan", "asin", "acos", "atan", "atan2"]
__all__ += ["sinh", "cosh", "tanh", "sech_squared", "asinh", "acosh", "atanh"]
__all__ += ["erf", "erfc", "erf_derivative"]
__all__ += ["lambertw", "lambertw_derivative", "kepler_E", "kepler_F"]
__all__ += ["gamma", "lgamma", "digamma", "polygamma", "besselj", "bessely"]
__all__ += ["erfinv", "erfinv_derivative", "erfcinv", "erfcinv_derivative"]
__all__ += ["rgamma", "loggamma", "beta", "betaln"]
__all__ += ["gammainc", "gammaincc", "gammainc_derivative", "besseli", "besseli_scaled"]
__all__ += ["ellipk", "ellipe", "expi", "dawsn", "dawsn_derivative"]
__all__ += ["sin_over_x", "sinc", "xlogy", "xlog1py", "logit", "log_expit"]
__all__ += ["ndtr", "log_ndtr", "logaddexp", "logsumexp"]
__all__ += ["abs", "sign", "floor", "minimum", "maximum"]
__all__ += ["sigmoid", "sigmoid_derivative", "softplus", "relu", "leaky_relu"]
__all__ += ["sum", "prod", "where"]
