"""The wheel: what a user installs holds everything, and works without what only development needs."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SHIPPED = [
    "tiergate/py.typed",
    "tiergate/billing.schema.json",
    "tiergate/cli/starter.toml",
    "tiergate/demo/northwind.toml",
    "tiergate/languages/de.toml",
    "tiergate/store/migrations/env.py",
    "tiergate/store/migrations/versions/0001_first_tables.py",
    "tiergate/web/templates/pricing.html",
    "tiergate/web/static/tiergate.css",
    "tiergate/web/static/inter-latin.woff2",
    "tiergate/web/static/inter-LICENSE.txt",
    "tiergate_sandbox/py.typed",
    "tiergate_sandbox/pages/templates/checkout.html",
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel once."""
    folder = tmp_path_factory.mktemp("dist")
    command = [
        str(Path(sys.executable).with_name("uv")),
        "build",
        "--wheel",
        "--offline",
        "--out-dir",
        str(folder),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("tiergate-*.whl"))


def test_the_wheel_holds_two_packages_and_all_their_files(wheel: Path) -> None:
    """Code, templates, styles, migrations and the demo's catalogue travel in one wheel, and nothing else."""
    names = zipfile.ZipFile(wheel).namelist()
    missing = [name for name in SHIPPED if name not in names]
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert missing == []
    assert tops == {"tiergate", "tiergate_sandbox"}


def test_every_module_of_the_source_is_in_the_wheel(wheel: Path) -> None:
    """No file of the source tree is left out by the build."""
    names = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    files = [path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert [
        str(path.relative_to(source)) for path in files if str(path.relative_to(source)) not in names
    ] == []


def test_the_commands_start_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """Both commands answer --help from the unpacked wheel, not from the source tree."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    for module in ("tiergate.cli", "tiergate_sandbox.cli"):
        code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = ['x', '--help']; "
        code += f"import {module} as cli; assert cli.__file__.startswith({str(tmp_path)!r}); cli.main()"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "Usage" in done.stdout
