"""Lab 4: French to English with attention."""
