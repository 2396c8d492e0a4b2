"""Sources and links as the functions on links take them."""

import numpy as np
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.leastcost.links import Links


def on(resistance, labels, pairs, cell_size=1.0, **options):
    """Return the cost fields and the links of some pairs on a surface."""
    graph = CostGraph(resistance, cell_size=cell_size)
    return CostFields(graph, np.asarray(labels), **options), Links.between(pairs)
