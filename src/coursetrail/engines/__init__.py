"""The engines that run the SQL: each a module with a prelude, a frozen class and `connect`."""
