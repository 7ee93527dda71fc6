"""Files and folders: locations on this machine or elsewhere, compression, archives, patterns, writing.

Nothing here knows of lines, formats or datasets. It may import `errors`; pyarrow and isal do the work.
"""
