"""Not fetched from memory: the drawings that a picture is most like."""
