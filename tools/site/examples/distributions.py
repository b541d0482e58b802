from lrguide.distributions import counting_cls, counting_limit, p_from_significance, significance

print(f"three events, none expected: signal below {counting_limit(3, 0.0):.3f} at 95 %")
print(f"CLs = {counting_cls(3, 5.0, 2.0).cls:.4f} for 5 of signal on 2 of background")
print(f"five sigma: p = {p_from_significance(5.0):.3g}; back again {significance(p_from_significance(5.0)):.6f}")
