"""How a process can be looked at: logs, health, metrics. Importable without torch, by the bot and by workers."""
