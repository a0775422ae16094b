"""The terminal: one command from a shell, or an interactive session with history and completion."""
