"""The machine and the versions behind a figure."""

import os
import platform
from datetime import date
from importlib.metadata import PackageNotFoundError, version


def describe_machine(*packages: str) -> str:
    """Return one line on the machine, the date and the versions.

    Parameters
    ----------
    *packages : str
        Distributions whose versions matter.

    Returns
    -------
    line : str
    """
    versions = []
    for package in packages:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} absent")
    return (
        f"{date.today()}, {os.cpu_count()} cores ({_processor()}), "
        f"Python {platform.python_version()}, {', '.join(versions)}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
