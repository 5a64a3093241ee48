"""Files that are either whole or absent: written under a temporary name, renamed when complete."""

import json
import math
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

PARTIAL = ".partial-"


@contextmanager
def replacing(path):
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well.

    The temporary name keeps the suffix, since the writers of `.keras`, `.h5` and trajectory files
    choose the format by it. It may become a file or a folder. After an exception `path` is what it
    was before, and the temporary is gone.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(PARTIAL + path.name)
    remove(partial)
    try:
        yield partial
        if path.is_dir():
            remove(path)
        os.replace(partial, path)
    finally:
        remove(partial)


def remove(path):
    """Remove a file or a folder, if it is there."""
    path = Path(path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path, data):
    """Write `data` as JSON that any reader accepts: what is not finite becomes null."""
    with replacing(path) as partial:
        text = json.dumps(plain(data), indent=2, allow_nan=False, ensure_ascii=False)
        partial.write_text(text + "\n", encoding="utf-8")


def plain(data):
    """Turn numpy scalars, arrays, tuples and paths into what JSON knows."""
    if isinstance(data, dict):
        return {str(key): plain(value) for key, value in data.items()}
    if hasattr(data, "tolist"):
        data = data.tolist()
    if isinstance(data, (list, tuple)):
        return [plain(value) for value in data]
    if isinstance(data, float) and not math.isfinite(data):
        return None
    if isinstance(data, Path):
        return str(data)
    return data
