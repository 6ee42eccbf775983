"""BENCHMARKS: how fast the product is, measured through its real doors and told as ratios.

What lives here: loads against ``run.py serve`` in a process of its own, and what each is divided by (``anchors``),
measured in the same round on the same machine. May import: everything, to prepare a database before a measurement.
Never said here: a switch that makes the product quicker while it is measured.
"""
