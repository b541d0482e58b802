"""How fast the package is beside others: `make bench`. Each module holds works; nothing here is imported by the package or its tests."""
