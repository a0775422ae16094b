"""The whole path, with real parts: platform client, desk, Redis, worker with the bundled models, and back."""
