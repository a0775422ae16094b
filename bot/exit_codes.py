"""What `yomite` tells the shell when it ends."""

OK = 0
CANNOT_ANSWER = 1  # the engine could not answer (one of) the texts, or a picture could not be written
WRONG_USAGE = 2  # a command, option, file or setting that is not as it should be
INTERRUPTED = 130  # Ctrl-C
