"""Sphinx reads the pages that build.py has assembled; nothing is run here, and nothing is fetched."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]
import api  # noqa: E402  (this folder)

import lrguide  # noqa: E402

project = "lrguide"
copyright = "2026, the lrguide authors"
release = version = lrguide.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
suppress_warnings = []

# the notebooks are committed with what they print
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}
nb_render_text_lexer = "none"
myst_enable_extensions = ["amsmath", "dollarmath", "attrs_block", "attrs_inline"]
myst_dmath_double_inline = True  # $$ ... $$ without an empty line before it, as Jupyter takes it
myst_heading_anchors = 3
myst_update_mathjax = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100
add_module_names = False
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!lrguide\.).*")]  # of other packages no pages are at hand; links to our own must work

html_theme = "pydata_sphinx_theme"
html_title = "lrguide"
html_static_path = [str(HERE / "static"), os.environ["LRGUIDE_SITE_MATHJAX"]]
html_css_files = ["site.css"]
html_show_search_summary = False  # they are fetched, which browsers refuse for files
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_sidebars = {"index": [], "ten_minutes": [], "symbols": []}
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": "lrguide"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "search_bar_text": "Search",
    "show_nav_level": 1,
    "navigation_depth": 3,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "primary_sidebar_end": [],
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 6,
}

# MathJax of the package sphinx-mathjax-offline, copied into _static
mathjax_path = "mathjax/tex-chtml-full.js"
mathjax3_config = {
    "tex": {"inlineMath": [["\\(", "\\)"]], "displayMath": [["\\[", "\\]"]], "processEscapes": True},
    "options": {"enableMenu": False, "ignoreHtmlClass": "tex2jax_ignore|mathjax_ignore|document", "processHtmlClass": "tex2jax_process|mathjax_process|math|output_area"},
}


def setup(app):
    app.connect("autodoc-process-docstring", api.as_rst)
