"""Runs inside the desktop QGIS (``qgis --code``): the tests of this folder, then the end of QGIS. See scripts/desktop."""

import os
import sys
import traceback

from qgis.PyQt.QtCore import QTimer


def run_tests():
    """Run pytest in the main thread of the window; its exit code is that of QGIS."""
    code = 1
    try:
        import pytest

        code = int(pytest.main(os.environ["DESKTOP_PYTEST"].split("\n")))
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the window need not be torn down


QTimer.singleShot(1000, run_tests)
