"""What people do with derivatives of solutions; public as `taylor.analysis`."""

from typing import TYPE_CHECKING

from taylor.errors import answering as _answering
from taylor.sensitivities.domains import Domain as Domain
from taylor.sensitivities.failures import AnalysisError as AnalysisError
from taylor.sensitivities.family import Family as Family
from taylor.sensitivities.family import continue_family as continue_family
from taylor.sensitivities.indicators import ChaosIndicator as ChaosIndicator
from taylor.sensitivities.indicators import fast_lyapunov_indicator as fast_lyapunov_indicator
from taylor.sensitivities.indicators import megno as megno
from taylor.sensitivities.lyapunov import LyapunovSpectrum as LyapunovSpectrum
from taylor.sensitivities.lyapunov import lyapunov_exponent as lyapunov_exponent
from taylor.sensitivities.lyapunov import lyapunov_spectrum as lyapunov_spectrum
from taylor.sensitivities.multipliers import Multipliers as Multipliers
from taylor.sensitivities.periodic import PeriodicOrbit as PeriodicOrbit
from taylor.sensitivities.periodic import periodic_orbit as periodic_orbit
from taylor.sensitivities.uncertainty import Uncertainty as Uncertainty
from taylor.sensitivities.uncertainty import uncertainty as uncertainty
from taylor.sensitivities.walk import Bifurcation as Bifurcation

if not TYPE_CHECKING:  # which knows the names, and refuses all others
    __getattr__, __dir__ = _answering("taylor.analysis", "ty.analysis.", globals())
