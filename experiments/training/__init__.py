"""Background: the diagnostic reads frozen networks that really learned the forces it perturbs. Question: how
accurate is each of the project's own backbones, and what made it? Training is nequip's own `nequip-train`;
this package holds the recipes, exports weights as plain files with a model card, and recomputes the card's
errors.
"""
