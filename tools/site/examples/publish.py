import tempfile
from pathlib import Path
import lrguide as lr

toy = lr.Resonance(0.08)
model = lr.Likelihood({"signal": lr.Process(50, toy), "background": lr.Process(1000)}, strength={"mu": "signal"})
compact = lr.compacted(model, lr.draw(toy, {"signal": 50, "background": 1000}, rng=1), ranges={"mu": (0.0, 3.0)})
folder = tempfile.TemporaryDirectory()
path = Path(folder.name, "search.json")
lr.save_published(compact, path)
print(f"{path.stat().st_size / 1000:.1f} kB; mu = {lr.published_likelihood(path).fit().values['mu']:.4f}")
