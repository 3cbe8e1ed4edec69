"""The finite-degree span theorem, proved instance by instance in exact arithmetic and confirmed numerically.

>>> import span_theorem as st
>>> st.boundary(2, 2), st.check(2, 2, method="exact").proved
(4, True)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from span_theorem.errors import InputError
    from span_theorem.exact import ExactSpan, exact_span
    from span_theorem.instance import CheckResult
    from span_theorem.instance import check_span as check
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
    "check",
    "exact_span",
    "expected_degrees",
    "expected_dim",
    "multiplicities",
    "numeric_span",
    "requirements",
]

_HOMES = {
    "CheckResult": "instance",
    "ExactSpan": "exact",
    "InputError": "errors",
    "Multiplicities": "multiplicity",
    "NumericSpan": "numeric",
    "Requirement": "requirement",
    "boundary": "law",
    "check": "instance:check_span",
    "exact_span": "exact",
    "expected_degrees": "law",
    "expected_dim": "law",
    "multiplicities": "multiplicity",
    "numeric_span": "numeric",
    "requirements": "requirement",
}
"""Module, and the name in it where that is another."""


def __getattr__(name: str) -> Any:
    # numpy and torch come only with the names that need them: the exact route starts in an instant
    if name not in _HOMES:
        raise AttributeError(f"module 'span_theorem' has no attribute {name!r}")
    module, _, other = _HOMES[name].partition(":")
    return getattr(import_module(f"span_theorem.{module}"), other or name)


def __dir__() -> list[str]:
    return sorted(__all__)
