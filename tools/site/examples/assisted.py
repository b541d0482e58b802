import numpy as np
from lrguide.assisted import ConditionalFlow, draw_features
from lrguide.nets import Network

flow = ConditionalFlow(n_features=2, hidden=(8,))
untrained = Network(flow, flow.draw([np.random.default_rng(seed) for seed in (1, 2)]))
mass = np.full((2, 500), 1.6)                               # of two members, 500 events each
print(draw_features(untrained, mass, rng=1).shape, "features drawn at that mass, by member")
