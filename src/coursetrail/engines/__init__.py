"""What runs the SQL: DuckDB in this process, or Apache Spark; the choice between them, and values as SQL text.

It may import reading, filesystem and errors. Only this package imports duckdb, pyspark and py4j.
"""
