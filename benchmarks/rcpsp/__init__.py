"""Project scheduling on published instances (PSPLIB, Patterson): `python -m benchmarks.rcpsp DIR`.

`files` reads both formats and writes solutions, `judge` checks a schedule by the definition, `peers` asks others the
same, `command` runs the solver over a folder; nothing but the arrays of an instance goes from here to the solver.
"""
