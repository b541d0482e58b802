import lrguide as lr

counts = [12, 15, 25]
search = lr.Histogram({"signal": lr.Contents([1, 3, 8]), "background": lr.Contents([11, 12, 13], norm={"scale": (0.9, 1.1)})},
                      strength={"mu": "signal"}, constraints=[lr.Normal("scale", 0, 1)])
fit = search.fit(counts)
print(f"mu = {fit.values['mu']:.3f} +- {fit.errors['mu']:.3f}")
print(lr.limit(search, counts, method="asymptotic"))
