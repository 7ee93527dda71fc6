"""Formats that the user describes in a mapping file (TOML), and drafts of such files.

`spec` reads and checks the file, `mapping_file` makes a `Format` of it, `profile` and `draft` propose one for a file.
May import `reading`, `errors`, `dataset.actions`, `dataset.schema`, and `edx.payload` for its redaction.
"""
