"""Sphinx settings."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

project = "latent-space-simulator"
author = "The latent-space-simulator developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
# Tables that a page includes are no pages.
exclude_patterns = ["_build", "reproduction/*/*"]
html_theme = "furo"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
