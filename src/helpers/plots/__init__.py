"""Figures and tables of the book: rows or arrays in, a Figure or Markdown out. No torch here."""
