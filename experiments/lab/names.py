"""What a study's files are called, for those who write them and those who read them back."""

KIND = "study"
RESULT = "study.json"
CELLS = "cells.csv"
PAGE = "report.html"
FORMATS = (".png", ".svg")
STORE = "measurements.sqlite"
