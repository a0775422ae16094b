"""Who may ask, how often, and how many may wait: looked at before anything is read or fetched."""
