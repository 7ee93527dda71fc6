"""Export files → a dataset or plain tables: `job` is a whole run, `one_file` reads one; `sniff`, `watch`, `convert`.

It may import formats, lookups, engines, dataset, reading, filesystem, progress and errors. It does not import duckdb.
"""
