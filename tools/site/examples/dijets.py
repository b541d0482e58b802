from lrguide.dijets import read_dijets

tables = read_dijets()
print({name: len(table) for name, table in tables.items()}, tables["data"].names)
