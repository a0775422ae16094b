"""How work is carried: `workers.queue` is the door for the bot, `workers.local` the process behind it."""
