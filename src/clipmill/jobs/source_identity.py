"""What stands for the bytes of a source in a cache key, without reading them."""

from clipmill.storage.store import HasPaths, Store


def source_identity(store: Store, key: str) -> str:
    """A text that changes when the object under a full key does.

    A local file is told by size and time of change, any other object by its ETag. The key is a part of it: two
    files with one size and one time, or two objects on a store whose ETags are no digests, may still differ.
    """
    path = store.local_path(key) if isinstance(store, HasPaths) else None
    if path is not None:
        status = path.stat()
        return f"file:{status.st_size}:{status.st_mtime_ns}:{key}"
    info = store.head(key)
    version = info.etag or info.modified.isoformat()
    return f"object:{info.size}:{version}:{key}"
