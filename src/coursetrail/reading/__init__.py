"""From bytes to Arrow columns: lines, records of tables, the scanner in C, columns, times, repair, fingerprints.

Nothing here knows of one format, of datasets or of engines. It may import `filesystem` and `errors`; Arrow arrays come
out.
"""
