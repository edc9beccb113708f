"""Uploads files with tuspy. Arguments: the URL, the number of files."""

import io
import sys

from tusclient.client import TusClient


def content(number):
    """The same content as `content` of the test."""
    size = 200_000 + number * 17_001
    return bytes((index * 31 + (index >> 8) + number * 7) & 0xFF for index in range(size))


endpoint, count = sys.argv[1], int(sys.argv[2])
client = TusClient(endpoint)
for number in range(count):
    uploader = client.uploader(
        file_stream=io.BytesIO(content(number)),
        metadata={"filename": f"file-{number}"},
        retries=6,
        retry_delay=0.1,
    )
    uploader.upload()
