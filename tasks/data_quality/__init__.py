"""Data quality: numbers about what a team handed in and what we measured. It measures only; `checks.expectations` judges."""
