"""Drawings for people: made in memory, with Japanese labels, safe to make in many threads."""
