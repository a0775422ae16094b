"""Draws the pictures of the documents, `make pictures`: real answers of the bundled models, as each platform shows them.

The chat page is photographed. Slack and Discord are drawn from the very messages that their adapters send.
"""
