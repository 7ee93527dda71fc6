"""Arrow tables as text, HTML, CSV, JSON and Parquet: a table and its caption in, bytes out.

One module per output format; `tables` lists those that a command can write.
May import `errors`, and nothing of datasets, analyses or engines. This file imports nothing, so it costs no time.
"""
