"""How to read this course."""
