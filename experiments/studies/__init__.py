"""Studies: each asks one question of the diagnostic and answers it with cells, claims, tables and a figure."""
