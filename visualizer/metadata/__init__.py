"""What files remember of how they were made: written into ours, read from ours and from others'.

``note.note_of`` says what a file is told, ``writing`` puts it into the form of each kind of file,
and ``reading.read`` reads it back: from our files, and from those of AUTOMATIC1111, Forge, SD.Next,
ComfyUI, InvokeAI, Fooocus and NovelAI. No Qt, no torch; pixels are never decoded. See
docs/pictures-that-remember.md.
"""
