"""Reads the answer to a ready-made question as a table, with nothing but Python."""

import csv
from urllib.request import urlopen

ADDRESS = "http://127.0.0.1:8000/queries/territories-by-inhabitants.csv"

with urlopen(ADDRESS) as answer:
    table = list(csv.DictReader(answer.read().decode("utf-8").splitlines()))

for row in table:
    print(row["name"], row["inhabitants"])
