"""The four YAML files and the tables that users write, typed: what is wrong in them is said before anything runs."""
