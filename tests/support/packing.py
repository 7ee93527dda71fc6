"""Data in the compressions that exports come in."""

import pyarrow as pa


def zstd(data: bytes) -> bytes:
    """One zstd frame, as Arrow writes it."""
    packed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(packed, "zstd") as out:
        out.write(data)
    return bytes(packed.getvalue())
