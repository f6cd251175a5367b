"""File formats: from the bytes of one file to text, pages and what the file says of itself.

`extract` chooses the format and runs in a worker process (`worker`, kept by `pool`) under limits on time and memory.
Nothing here executes, fetches or opens anything but the file that it was handed.
"""

VERSION = 1
"""Rises with every change that gives another text for the same file, so that cached texts are not used again."""
