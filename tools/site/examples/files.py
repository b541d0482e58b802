import csv
import tempfile
from pathlib import Path
from lrguide.files import pieces

folder = tempfile.TemporaryDirectory()
path = Path(folder.name, "events.csv")
with path.open("w", newline="") as file:
    csv.writer(file).writerows([("mass", "pt", "w"), (91.0, 30.0, 1.0), (125.0, 45.0, 0.5), (88.0, 25.0, 1.0)])
for part in pieces(path, ["mass", "pt"], weight="w", cut={"mass": (90, 130)}).read():
    print(part.x, part.weight)
