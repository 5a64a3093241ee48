"""Sphinx settings."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

project = "latent-space-simulator"
author = "The latent-space-simulator developers"
copyright = f"2026, {author}"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx-mathjax-offline"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
# Pages with commands run them, when the page has changed: by this Python, on lines of one width.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
os.environ |= {"COLUMNS": "96", "TF_CPP_MIN_LOG_LEVEL": "3"}
nb_execution_mode = "cache"
nb_execution_timeout = 1800
nb_execution_raise_on_error = True
nb_execution_show_tb = True
# Tables that a page includes are no pages.
exclude_patterns = ["_build", "reproduction/*/*"]
html_theme = "furo"
# The tables that commands print are up to 100 letters wide.
html_theme_options = {"light_css_variables": {"code-font-size": "0.72em"}}
autodoc_member_order = "bysource"
napoleon_google_docstring = False
# `n_frames` in the shape of an argument is no reference to an attribute of that name.
suppress_warnings = ["ref.python"]
