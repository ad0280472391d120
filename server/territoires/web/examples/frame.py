"""Reads the same table into a data frame; needs pandas (pip install pandas)."""

import pandas

frame = pandas.read_csv("http://127.0.0.1:8000/queries/territories-by-inhabitants.csv")
print(frame.sort_values("inhabitants", ascending=False)[["name", "inhabitants"]])
