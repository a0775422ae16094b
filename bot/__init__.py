"""What people talk to: commands, chat platforms, the terminal. Needs no torch; the models live behind `workers.queue`."""
