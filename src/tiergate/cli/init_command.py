"""``tiergate init``: a first ``billing.toml`` to begin from, and its schema beside it."""

from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from tiergate.rules.errors import TiergateError

SCHEMA_NAME = "billing.schema.json"
_TRIAL = 'trial = { days = 14, card = "not_required" }'


class Model(StrEnum):
    """How customers get to know the product."""

    FREE_TRIAL = "free-trial"
    FREEMIUM = "freemium"
    REVERSE_TRIAL = "reverse-trial"


class FileIsThereError(TiergateError):
    """The file that would be written exists."""

    code = "file_is_there"


class FileNotWritableError(TiergateError):
    """The file cannot be written where it was wanted."""

    code = "file_not_writable"


_PARTS = {
    Model.FREE_TRIAL: {
        "intro": "Every paid plan can be tried for 14 days; whoever does not buy goes on with the free plan.",
        "tagline": "Start free, and try any paid plan for 14 days.",
        "starter_trial": _TRIAL,
        "pro_trial": _TRIAL,
    },
    Model.FREEMIUM: {
        "intro": "The free plan is the trial: it lasts for ever, and more is bought when it is needed.",
        "tagline": "Start free. Pay when you outgrow it.",
        "starter_trial": "# trial = { days = 14 }               # a trial on top of the free plan",
        "pro_trial": "# trial = { days = 14 }",
    },
    Model.REVERSE_TRIAL: {
        "intro": "Everybody begins with 14 days of Pro; whoever does not buy goes on with the free plan.",
        "tagline": "Everything for 14 days, and free for ever after if you like.",
        "starter_trial": "# trial = { days = 14 }   # asked for, beside the one that begins by itself",
        "pro_trial": 'trial = { days = 14, model = "reverse_trial" }   # begins by itself at sign-up',
    },
}


def init(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("billing.toml"),
    model: Annotated[Model, typer.Option(help="How customers get to know the product.")] = Model.FREE_TRIAL,
) -> None:
    """Write a first catalogue to begin from, with its schema beside it. Never overwrites."""
    beside = file.with_name(SCHEMA_NAME)
    if not _write(file, starter(model)):
        raise FileIsThereError(f"{file} is there already.", "Name another file: tiergate init PATH")
    typer.echo(f"wrote  {file}")
    typer.echo(f"{'wrote' if _write(beside, schema_text()) else 'kept '}  {beside}")
    typer.echo(f"Make it yours, and publish it: tiergate plans push {file}")


def schema() -> None:
    """Print the JSON Schema of billing.toml, for editors."""
    typer.echo(schema_text(), nl=False)


def starter(model: Model) -> str:
    """Return the text of a first catalogue."""
    text = (files("tiergate.cli") / "starter.toml").read_text(encoding="utf-8")
    for name, part in _PARTS[model].items():
        text = text.replace(f"@{name}@", part)
    return text


def schema_text() -> str:
    """Return the JSON Schema of ``billing.toml``."""
    return (files("tiergate") / SCHEMA_NAME).read_text(encoding="utf-8")


def _write(file: Path, text: str) -> bool:
    """Write a file unless there is one; tell whether it was written."""
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise FileNotWritableError(
            f"{file} cannot be written: {error.strerror}.", "Name a file in a folder of yours."
        ) from None
    return True
