"""Chat platforms on loopback that speak the real protocols, for the real client libraries to talk to."""
