"""Tests of engine.pack."""
