"""Settings that services with recordings share."""

from typing import Annotated

from pydantic import AfterValidator


def _is_a_store(url: str) -> str:
    if not url.startswith(("file:///", "s3://")):
        raise ValueError("write file:///absolute/directory or s3://bucket/prefix")
    return url


StoreUrl = Annotated[str, AfterValidator(_is_a_store)]
"""Where recordings are kept: a directory or a bucket."""
