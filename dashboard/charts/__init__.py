"""Altair charts, one module a picture; each stands beside a table that says the same in words."""
