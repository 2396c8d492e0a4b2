"""Windows and macOS, played by stubs: memory that is free, locks of folders."""

import ctypes
import os
import sys
from types import SimpleNamespace

import pytest
from ecosecnet.algorithms.support.run import memory, owners

pytestmark = pytest.mark.qgis


def test_windows_says_what_memory_is_free(monkeypatch):
    def status(pointer):
        pointer._obj.free = 3_000_000_000
        return 1

    kernel = SimpleNamespace(GlobalMemoryStatusEx=status)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    assert memory._machine() == 3_000_000_000


def test_macos_has_half_of_what_is_built_in(monkeypatch):
    built_in = {"SC_PHYS_PAGES": 1_000_000, "SC_PAGE_SIZE": 16_384}
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(os, "sysconf", built_in.__getitem__)
    assert memory._machine() == 8_192_000_000


def test_a_folder_is_locked_on_windows(monkeypatch, tmp_path):
    held = set()

    def locking(handle, mode, count):
        found = os.fstat(handle).st_ino
        if found in held:
            raise PermissionError(13, "Permission denied")
        held.add(found)

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    monkeypatch.setattr(owners, "os", SimpleNamespace(name="nt", path=os.path))
    with owners.own(str(tmp_path)):
        assert owners.inherit(str(tmp_path)) is None
        held.clear()
        second = owners.inherit(str(tmp_path))
        assert second is not None
        second.close()
