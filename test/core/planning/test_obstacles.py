"""Land that is in the way, and what of it can be restored."""

import numpy as np
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.planning.obstacles import Obstacles, warn_of_enclosed


def test_without_obstacles_nothing_is_known_of_what_can_be_restored():
    surface = np.array([[1.0, np.nan]], dtype=np.float32)
    none = Obstacles()
    assert none.restorable(surface) is None
    assert none.around(np.zeros((1, 2), int), 1) is None
    water = Obstacles(not_restorable=np.array([[True, False]]))
    assert water.restorable(surface).tolist() == [[False, False]]


def test_a_source_in_the_middle_of_a_lake_is_said():
    class Log(Monitor):
        said = ()

        def warn(self, text):
            self.said = (*self.said, text)

    surface, labels = np.ones((7, 12)), np.zeros((7, 12), dtype=int)
    labels[3, 3], labels[3, 10] = 1, 2
    surface[1:6, 1:6] = np.nan
    surface[3, 3] = 1.0
    log = Log()
    warn_of_enclosed(labels, surface, ["湖", "east"], log)
    assert len(log.said) == 1
    assert log.said[0].startswith("Sources 湖 are enclosed by cells that nothing crosses")
    surface[2, 2] = surface[1, 1] = 1.0
    log = Log()
    warn_of_enclosed(labels, surface, ["湖", "east"], log)
    assert not log.said
