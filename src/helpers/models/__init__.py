"""The networks: one published architecture per file, assembled from `helpers.layers`."""
