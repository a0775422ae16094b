"""Everything breaks at random while people ask: real bots, workers and Redis, the fakes of both platforms, and a count of what arrived."""
