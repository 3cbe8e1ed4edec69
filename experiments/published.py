"""Figures of the published study, to stand beside this project's: arXiv:2605.08286, from its abstract.

An L = 2 NequIP network on aspirin, a quadratic SPN, four backbones. The abstract does not define its figures; those of
this project are defined in docs/protocol.md.
"""

from typing import Any

SOURCE = "arXiv:2605.08286 (abstract)"
L, D = 2, 2

PUBLISHED: dict[str, Any] = {
    "source": SOURCE,
    "L": L,
    "d": D,
    "n_backbones": 4,
    "rho": {"4": 0.913, "5": 0.078},
    "r2_injected": {"4": 0.374, "5": 0.006},
    "cliff": 11.7,
}


def published_sentence() -> str:
    """The published figures in words."""
    shares = [
        f"{symbol}({l}) = {value}"
        for symbol, name in (("ρ", "rho"), ("R²_inj", "r2_injected"))
        for l, value in PUBLISHED[name].items()
    ]
    return (
        f"Published for L = {L}, d = {D} ({SOURCE}; its definitions are not known to be these): {', '.join(shares)}, "
        f"ratio {PUBLISHED['cliff']}."
    )
