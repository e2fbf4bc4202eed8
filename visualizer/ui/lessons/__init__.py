"""The course at the side of a page, and the same for a class, full screen."""
