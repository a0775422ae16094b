"""Builds the bundled models from data: vocabulary, encoder, and an adapter for each task."""
