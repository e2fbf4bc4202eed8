"""What ends a sweep before its last picture."""


class SweepError(Exception):
    """A sweep that cannot begin or go on; its text is a sentence for a person.

    Args:
        began: runs were made already, or could have been; False when the request makes no sense.
    """

    def __init__(self, sentence: str, *, began: bool = False) -> None:
        super().__init__(sentence)
        self.began = began
