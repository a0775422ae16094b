"""Whoever answers in the comparison of systems: Yomite, other servers over HTTP, plain RQ. Each runs in processes of its own."""
