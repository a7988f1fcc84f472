from pathlib import Path

import pytest

from lctem_core.io.published import data_dir


@pytest.fixture(scope="session")
def real_data():
    """Path of a real file by its name below `data_dir()`; skips the test where it is absent."""

    def find(name: str) -> Path:
        path = data_dir() / name
        if not path.exists():
            pytest.skip(f"{path} is absent: set LCTEM_DATA to a folder with the real data")
        return path

    return find
