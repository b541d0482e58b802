from lrguide.data import read_sample

sample = read_sample()
print(f"{len(sample.x)} events with a tau, {sample.x.shape[1]} features")
