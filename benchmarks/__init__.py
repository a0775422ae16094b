"""Measurements of speed and size, each with its peers in the same run; the tests only see that they run and can fail."""
