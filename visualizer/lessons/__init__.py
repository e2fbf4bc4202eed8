"""Lessons: what a teacher reads out, asks and shows, as data. No Qt, no torch."""
