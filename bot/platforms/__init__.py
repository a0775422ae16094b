"""Where people meet the bot: each platform turns its events into commands and Replies into its own posts."""
