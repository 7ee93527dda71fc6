"""What the tests share: data written by hand, oracles, processes and clusters. It imports no test module."""
