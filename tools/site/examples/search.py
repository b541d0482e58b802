from lrguide.search import global_p_value

found = global_p_value(16.0, mean_upcrossings=4.2, level=0.5, error=0.2)       # 4 standard deviations somewhere in a scan
print(found)
