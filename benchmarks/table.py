"""What the benchmarks share: CPU seconds of one thread, and rows of a table."""

import os
import time

for _variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def row(name, measured, target="", floor=""):
    print(f"  {name:44s} {measured!s:>24s}   {target!s:24s} {floor!s}", flush=True)


def heading(title):
    print(f"\n{title}")
    row("", "measured", "target", "floor")


def cpu_seconds(function):
    """CPU seconds of a call, and what it returned."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def listed(values, digits=0):
    return "/".join(f"{v:.{digits}f}" for v in values)
