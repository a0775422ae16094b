"""How work is carried: `workers.queue` is the door for the bot, `python -m workers` the process that takes jobs and answers them."""
