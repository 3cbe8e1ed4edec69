"""Floating-point numerics with e3nn's conventions; knows no molecule and no theorem."""
