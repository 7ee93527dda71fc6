"""The ways out: one module per way."""
