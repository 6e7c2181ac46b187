"""How Sphinx builds the site; `python -m docs` calls it."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(DOCS), str(ROOT), str(ROOT / "runtime")]

project = "taylor"
author = "the taylor developers"
copyright = author
release = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
version = release

extensions = ["myst_nb", "sphinx_design", "sphinx_copybutton", "_build_tools.extension"]
suppress_warnings = []
if _page := os.environ.get("TAYLOR_DOCS_PAGE"):  # `python -m docs --page`
    include_patterns = ["index.md", f"{_page}.md"]
    suppress_warnings += ["toc.*", "myst.xref_missing", "ref.*"]
suppress_warnings += ["misc.highlighting_failure"]  # errors that pages show are no Python
exclude_patterns = ["_build", "_style", "_build_tools", "README.md"]
templates_path = ["_templates"]
language = "en"
nitpicky = False

# Pages are notebooks as text (MyST), executed at build.
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_cache_path = str(DOCS / "_build" / "executed")
nb_execution_timeout = 60
nb_execution_raise_on_error = False  # it is a warning, and these are errors: all are seen
nb_execution_show_tb = True
nb_merge_streams = True
nb_ipywidgets_js = {}  # no page loads scripts of other sites
nb_mime_priority_overrides = [("html", "text/latex", 25)]

html_theme = "pydata_sphinx_theme"
html_title = "taylor"
html_static_path = ["_static"]
html_css_files = ["taylor.css"]
html_favicon = "_static/favicon.svg"
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
html_additional_pages = {"404": "404.html"}
html_theme_options = {
    "logo": {
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo_dark.svg",
        "alt_text": "taylor: to the start page",
    },
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc", "notebook"],
    "navigation_with_keys": False,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "back_to_top_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {
    page: [] for page in ("index", "start/index", "gallery/index", "benchmarks/index", "limits",
                          "deprecation", "search", "404")
}  # fmt: skip
# Where the site is on its server: the page for addresses that lead nowhere is shown at any depth.
html_context = {"default_mode": "auto", "site_base": os.environ.get("TAYLOR_DOCS_BASE", "/")}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
python_maximum_signature_line_length = 88
python_display_short_literal_types = True
add_module_names = True
toc_object_entries_show_parents = "hide"
