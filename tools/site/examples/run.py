from pathlib import Path
import lrguide as lr
from lrguide.run import find_chapter, find_chapters

notebooks = Path(lr.__file__).parent.parent / "nbs"         # of the clone
chapter = find_chapter("17", find_chapters(notebooks))
for parameter in list(chapter.parameters.values())[:3]:
    print(f"{parameter.name} = {parameter.default}: {parameter.meaning}")

signal = 50
lr.record("power", 0.47, error=0.01, reference=lr.published(0.464, source="a table", signal=50), tolerance=0.03)
