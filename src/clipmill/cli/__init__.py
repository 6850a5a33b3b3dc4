"""The command line: words in, jobs out, results on stdout. It decides nothing that the catalogue does not."""
