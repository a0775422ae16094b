"""Reads files of examples: rows whose right answers are known, to measure and to train by."""
