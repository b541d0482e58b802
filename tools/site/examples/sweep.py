from pathlib import Path
import lrguide as lr
from lrguide.run import find_chapter, find_chapters
from lrguide.sweep import read_grid

chapter = find_chapter("17", find_chapters(Path(lr.__file__).parent.parent / "nbs"))
for values in read_grid(chapter, ["signal=30,50", "seed=0..1"]).values():
    print({name: values[name] for name in ("signal", "seed")})
