"""The report of a decided round."""
