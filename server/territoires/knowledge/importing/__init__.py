"""Where facts of others come in: each module is run by hand, reads one source, and writes files of data/."""
