"""Solvers: arrays in, arrays with a bound and a status out. They import nothing of the project but each other."""
