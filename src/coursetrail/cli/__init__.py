"""The command line: one module per command; each parses, calls the library, and prints.

It may import everything below it. Only this package imports click.
"""
