"""Solvers: arrays in, arrays out, with a bound and a status where they search. They import only each other."""
