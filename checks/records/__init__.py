"""What was measured and decided, as typed rows: the words that the rooms speak to each other."""
