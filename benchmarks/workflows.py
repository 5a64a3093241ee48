"""Runs the workflows of docs/workflows whole: each prints what it finds beside the known answer.

    python benchmarks/workflows.py              all of them
    python benchmarks/workflows.py ring         one of them

What a page prints goes to docs/workflows/PAGE.txt, which the page shows, and its picture to
docs/images/workflow-PAGE.png. CPU seconds are those of one thread, without the import of Keras.
"""

import argparse
import contextlib
import io
import sys
from pathlib import Path

from table import cpu_seconds

DOCS = Path(__file__).resolve().parents[1] / "docs"
sys.path.insert(0, str(DOCS))
from pages import run  # noqa: E402

PAGES = sorted({path.stem for path in (DOCS / "workflows").glob("*.md")} - {"index"})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("page", nargs="*", help=f"of {', '.join(PAGES)}; default: all")
    chosen = parser.parse_args().page or PAGES
    if unknown := set(chosen) - set(PAGES):
        parser.error(f"there is no page {', '.join(sorted(unknown))}; there are {', '.join(PAGES)}")
    import matplotlib

    matplotlib.use("Agg")
    import hde  # noqa: F401  the import is not measured

    for page in chosen:
        print(f"\n{page}")
        seconds, figure = cpu_seconds(lambda name=page: show(name))
        figure.savefig(DOCS / "images" / f"workflow-{page}.png", dpi=80)
        print(f"CPU s: {seconds:.0f}", flush=True)


def show(page):
    """Run a page, print and keep what it prints; returns its figure."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        namespace = run(f"workflows/{page}")
    print(printed.getvalue(), end="", flush=True)
    (DOCS / "workflows" / f"{page}.txt").write_text(printed.getvalue(), encoding="utf-8")
    return namespace["fig"]


if __name__ == "__main__":
    main()
