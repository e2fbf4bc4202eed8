"""One file a question, each answered by figures measured in a single run."""
