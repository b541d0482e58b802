from lrguide.asymptotics import median_significance, profiled_significance

print(f"expected Z of 10 events on 20: {median_significance(10.0, 20.0):.3f}")
print(f"if the 20 are known to +- 3: {profiled_significance(10.0, 20.0, 3.0):.3f}")
