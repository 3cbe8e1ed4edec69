"""Which L and d labelled structures ask for: nested linear fits in closed form, compared on structures not fitted.

The model is a small linear ACE (R. Drautz, "Atomic cluster expansion for accurate and transferable interatomic
potentials", Phys. Rev. B 99, 014104, 2019): invariant polynomials of degree ≤ d in density features of degree ≤ L.
"""
