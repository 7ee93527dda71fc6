"""What runs the SQL: DuckDB in this process, or Apache Spark; which of them, and values as SQL text.

It may import reading, filesystem and errors.
"""
