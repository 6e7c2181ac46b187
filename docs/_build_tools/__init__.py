"""What the site is built with besides Sphinx: generated pages, and small extensions."""
