"""Teaches models what a team knows: a task from its examples (`train`), or its way of writing from its texts (`adapt`)."""
