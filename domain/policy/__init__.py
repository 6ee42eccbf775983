"""Dated rule values and the one way to ask for them: ``load_rulebook().on(day)``.

Here live the shape of a rule (``rule.py``), the reader of the files (``loader.py``), the documents they rest on
(``sources.yaml``) and the values (``rules/*.yaml``).

May import: the standard library and ``domain``; ``yaml`` in ``loader.py`` only.
Never said here: a citizen, a case, a clock.
"""
