"""The parts: one concept per file, imported by the models that use it."""
