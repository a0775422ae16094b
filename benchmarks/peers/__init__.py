"""What runs in the peers' own processes. It needs torch and transformers, and nothing of Yomite."""
