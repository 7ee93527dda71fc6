"""Processes that start in a moment: each is forked from one that has imported coursetrail and started no thread."""

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "pytest",
        "coursetrail.cli.main",
        "coursetrail.ingestion.job",
        "coursetrail.analyses.open_dataset",
        "coursetrail.dataset.maintenance",
        "coursetrail.engines.duckdb",
        "coursetrail.simulate",
        "coursetrail.engines.spark",
    ]
)
