"""One folder a page: what serves a single chapter (`c03`), lab (`l08`) or the landing page (`intro`) and nothing else.

A page may import everything; nothing imports a page. What a second page needs moves down into the library.
"""
