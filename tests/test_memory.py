"""Peak memory of child processes, against one whose size is known."""

import subprocess
import sys

from memory import PeakMemory


def test_a_child_of_known_size_is_seen():
    with PeakMemory(0.02) as empty:
        pass
    with PeakMemory(0.02) as memory:
        code = "import time; held = bytearray(200 * 2**20); time.sleep(1)"
        subprocess.run([sys.executable, "-c", code], check=True)
    assert empty.bytes < 50 * 2**20
    assert 200 * 2**20 < memory.bytes < 300 * 2**20
