from lrguide.anomaly import log_excess_p, sliding_windows
from lrguide.distributions import log_significance

for window in sliding_windows(1.4, 1.8, 3):
    print(f"signal region {window.low:.3f} to {window.high:.3f}, with sidebands {window.left:.3f} to {window.right:.3f}")
log_p = log_excess_p(observed=150, expected=100.0, error=5.0)
print(f"150 events where 100 +- 5 are expected: Z = {log_significance(log_p):.2f}")
