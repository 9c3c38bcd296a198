"""Put the experiments' scripts into the wheel; everything else is in pyproject.toml.

They stay in a folder of their own, where `mlflow run` starts them and readers look for
them. Mapping that folder to a package (`package-dir`) would do the same for the wheel,
but turns the editable install's path to src, which type checkers read, into a hook that
they can't.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithScripts(build_py):
    """Build the package with a copy of pipelines/, unless the install is editable."""

    def _copies(self) -> dict[str, str]:
        folder = Path(self.build_lib, "kerasweep", "pipelines")
        return {str(p): str(folder / p.name) for p in Path("pipelines").glob("*.py")}

    def run(self) -> None:
        """Build, then copy."""
        super().run()
        if not self.editable_mode:
            for source, target in sorted(self._copies().items()):
                self.mkpath(str(Path(target).parent))
                self.copy_file(source, target)

    def get_source_files(self) -> list[str]:
        """Name what the source distribution must hold."""
        return [*super().get_source_files(), *sorted(self._copies())]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Name what was built."""
        copies = [] if self.editable_mode else sorted(self._copies().values())
        return [*super().get_outputs(include_bytecode), *copies]

    def get_output_mapping(self) -> dict[str, str]:
        """Map what was built to where it is from."""
        copies = {} if self.editable_mode else self._copies()
        return super().get_output_mapping() | {v: k for k, v in copies.items()}


setup(cmdclass={"build_py": BuildWithScripts})
