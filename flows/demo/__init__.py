"""The simulated programme: real models trained from fixed seeds, suites made by rule, invented panels."""
