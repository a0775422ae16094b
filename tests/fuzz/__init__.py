"""What comes from outside, made up at random: nothing of it may end a process, hang it, or raise what its caller does not expect."""
