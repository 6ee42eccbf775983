"""The rulebook, asked in the language of the law."""
