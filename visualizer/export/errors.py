"""What goes wrong when a run is turned into a file."""


class ExportError(Exception):
    """A run that cannot be written; its text is a sentence for a person."""
