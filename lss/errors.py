"""The one exception of everything a user can put right."""


class InputError(ValueError):
    """A mistake in what the user gave: files, units, options, selections.

    The message is one line that names what came, what was wanted and what to do. Command lines
    print it after ``error:`` and leave with exit code 2, without a traceback.
    """

    def __init__(self, message):
        # Messages often quote those of other libraries, which may run over several lines.
        super().__init__(" ".join(str(message).split()))
