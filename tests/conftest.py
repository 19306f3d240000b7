"""Property tests try the same examples every run; `pytest --hypothesis-profile default` looks for others."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(config, items):
    """A plain `pytest` leaves the default runs out; `pytest -m default_run` asks for them."""
    if "default_run" not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker("default_run")]
        items[:] = [item for item in items if not item.get_closest_marker("default_run")]
        config.hook.pytest_deselected(items=left_out)
