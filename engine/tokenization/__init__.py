"""Cuts texts into a model's pieces, and knows where in the text each piece stands."""
