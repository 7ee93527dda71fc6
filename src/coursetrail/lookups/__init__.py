"""Distinct strings of the data, parsed once into dimension tables."""
