"""Solvers take arrays and return arrays with a bound and a status; they have never heard of a server."""
