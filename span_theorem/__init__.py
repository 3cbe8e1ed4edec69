"""The finite-degree span theorem, proved instance by instance in exact arithmetic and confirmed numerically.

>>> import span_theorem
>>> span_theorem.boundary(2, 2), span_theorem.check_span(2, 2, method="exact").proved
(4, True)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from span_theorem.check import CheckResult, check_span
    from span_theorem.errors import InputError
    from span_theorem.exact import ExactSpan, exact_span
    from span_theorem.law import boundary, expected_degrees, expected_dim
    from span_theorem.multiplicity import Multiplicities, multiplicities
    from span_theorem.numeric import NumericSpan, numeric_span
    from span_theorem.requirement import Requirement, requirements

__all__ = [
    "CheckResult",
    "ExactSpan",
    "InputError",
    "Multiplicities",
    "NumericSpan",
    "Requirement",
    "boundary",
    "check_span",
    "exact_span",
    "expected_degrees",
    "expected_dim",
    "multiplicities",
    "numeric_span",
    "requirements",
]

_HOMES = {
    "check": ("CheckResult", "check_span"),
    "errors": ("InputError",),
    "exact": ("ExactSpan", "exact_span"),
    "law": ("boundary", "expected_degrees", "expected_dim"),
    "multiplicity": ("Multiplicities", "multiplicities"),
    "numeric": ("NumericSpan", "numeric_span"),
    "requirement": ("Requirement", "requirements"),
}


def __getattr__(name: str) -> Any:
    # numpy and torch come only with the names that need them: the exact route starts in an instant
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"span_theorem.{module}"), name)
    raise AttributeError(f"module 'span_theorem' has no attribute {name!r}")
