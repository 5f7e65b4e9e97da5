"""Machine reassignment on the challenge's instances (ROADEF/EURO 2012): `python -m benchmarks.reassignment DIR`.

`files` reads and writes the challenge's format, `judge` counts an assignment's cost by its words, `command` runs the
solver over a folder; nothing but the arrays of an instance goes from here to the solver.
"""
