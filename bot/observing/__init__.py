"""How a bot can be looked at: what it tells of each question, its metrics, and whether it is connected."""
