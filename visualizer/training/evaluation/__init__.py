"""Does the model draw what the words say? A judge that has learned from drawings looks at it.

`prompts` says what is asked for, `generated` makes and keeps the pictures, `judge` says what is in
them and `verdict` counts how often that is right. `distances` and `fidelity` measure what words do
not tell: variety, distance to the drawn world, the autoencoder, static. `command` runs it all.
"""
