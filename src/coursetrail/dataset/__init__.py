"""A dataset: its tables and their columns, its versions, the ledger, commits and maintenance.

It may import lookups, reading, filesystem, progress and errors. Only this package imports Delta Lake.
"""
