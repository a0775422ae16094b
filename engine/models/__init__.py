"""Models: where their files are, how they are loaded, and which of them stay in memory."""
