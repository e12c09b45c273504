"""Claims under test: `table` reads the claims, their figures and their rules; `page` writes them as cards."""
