"""Measures how well the engine answers, on files of rows whose right answers are known."""
