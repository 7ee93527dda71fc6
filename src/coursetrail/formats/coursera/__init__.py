"""Research exports of on-demand Coursera courses, and the tables that come with them.

`definition` has the format, `pages` what its addresses mean; `reference_files` and `reference_sql` read the tables.
May import `reading`, `filesystem`, `errors`, and the shared parts of the other formats.
"""
