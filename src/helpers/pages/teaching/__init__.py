"""For those who teach: what the labs need in a room, read from their records and editions."""
