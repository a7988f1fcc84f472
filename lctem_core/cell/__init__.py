"""The liquid cell: its thickness, and the dose in it."""
