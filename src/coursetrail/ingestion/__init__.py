"""Export files → a dataset or a plain table: `job` is a whole run, `one_file` one export; `sniff`, `watch`, `convert`.

It may import formats, lookups, engines, dataset, reading, filesystem, progress and errors. It does not import duckdb.
"""
