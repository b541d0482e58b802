from lrguide.mining import GaltonBoard, gold_report

board = GaltonBoard()                                       # each ball knows how probable its way was at other theta
numerator, denominator = board.sample("numerator", 4_000, rng=1, nu=[-0.8]), board.sample("denominator", 4_000, rng=2, nu=[-0.8])
for name, (mean, error, expected) in gold_report(numerator, denominator).items():
    print(f"{name}: {mean:.3f} +- {error:.3f}, expected {expected:g}")
