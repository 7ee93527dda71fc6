"""Exports read by the workers of a cluster, a task each."""

import pickle
from collections.abc import Mapping
from functools import partial

from coursetrail.engines.engine import WorkerEngine
from coursetrail.errors import CoursetrailError
from coursetrail.filesystem.location import Location
from coursetrail.filesystem.private_folder import private_folder
from coursetrail.ingestion.inputs import Input, Opener
from coursetrail.ingestion.one_file import Extractor
from coursetrail.ingestion.resume import KnownContent
from coursetrail.ingestion.task import IngestTask
from coursetrail.ingestion.worker_results import WorkerResult, decode, encode
from coursetrail.progress import Progress, Silent


def extract_all(
    engine: WorkerEngine,
    task: IngestTask,
    known: KnownContent,
    files: Mapping[int, Input],
    progress: Progress,
) -> dict[int, WorkerResult]:
    """Read exports, by their source numbers, on the workers; what is the same for all files is sent once."""
    with progress.step("Reading on Spark", None, "files"):
        run = partial(extract_one, pickle.dumps((task, known)))
        items = [pickle.dumps((_for_workers(file.address), number)) for number, file in files.items()]
        results = engine.map_on_workers(items, run)
    return {number: decode(result) for number, result in zip(files, results, strict=True)}


def extract_one(shared: bytes, item: bytes) -> bytes:
    """Read one export on a worker. Errors of ours are results: if they were raised, Spark would try again."""
    task, known = pickle.loads(shared)  # noqa: S301 - made by our own driver
    address, number = pickle.loads(item)  # noqa: S301 - made by our own driver
    result: WorkerResult
    try:
        with private_folder() as scratch:
            opener = Opener.of(scratch, task.format, task.encoding)
            with Extractor(task, opener, Silent()) as extractor:
                result = extractor.extract(opener.named(address), number, known)
    except CoursetrailError as error:
        result = error
    return encode(result)


def _for_workers(address: str) -> str:
    """The address of an export for workers, whose working folders are their own."""
    path = Location.of(address).local
    return str(path.absolute()) if path else address
