"""What a submission's data must be like: one module a suite declares its checks, Great Expectations decides on the numbers."""
