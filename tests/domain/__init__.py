"""The rules without a clock and without a table."""
