"""Export files → a dataset or plain tables: `job` for a whole run, `one_file` for one export, `sniff`, `watch`, `convert`.

It may import formats, lookups, engines, dataset, reading, filesystem, progress and errors. It does not import duckdb.
"""
