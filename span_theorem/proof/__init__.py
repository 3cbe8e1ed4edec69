"""The theorem for every L and d at once, proved in Coq: one idea a file, the theorems together in ``Theorems.v``.

``coq.py`` has Coq check them and says which axioms each rests on. Nothing else imports this package.
"""
