from lrguide.report import powers, rounded

print(" +- ".join(rounded(1.23456, 0.0321)), "and", " +- ".join(rounded(0.071234, 0.012, 0.003)))
print(powers("p = 3e-7"))
