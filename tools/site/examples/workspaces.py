import lrguide as lr
from lrguide.workspaces import from_pyhf, to_pyhf

counts = [12, 15, 25]
search = lr.Histogram({"signal": lr.Contents([1, 3, 8]), "background": lr.Contents([11, 12, 13], norm={"scale": (0.9, 1.1)})},
                      strength={"mu": "signal"}, constraints=[lr.Normal("scale", 0, 1)])
workspace = to_pyhf(search, counts)
print([sample["name"] for sample in workspace["channels"][0]["samples"]], workspace["observations"][0]["data"])
again, seen = from_pyhf(workspace)
print(f"mu = {search.fit(counts).values['mu']:.5f}, and {again.fit(seen).values['mu']:.5f} from the workspace")
