"""Files of tables."""

import pytest


@pytest.fixture(params=["csv", "parquet"])
def save(request, tmp_path):
    """Save a frame in either format, and return its path."""

    def save(frame):
        path = tmp_path / f"table.{request.param}"
        if request.param == "csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_parquet(path)
        return path

    return save
