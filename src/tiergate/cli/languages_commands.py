"""The commands about languages: a sheet to translate into, and what is still missing of one."""

from pathlib import Path
from typing import Annotated

import typer

from tiergate.rules.errors import TiergateError

languages = typer.Typer(no_args_is_help=True, help="The languages that customers' pages are offered in.")


class SheetIsThereError(TiergateError):
    """The file that would be written exists."""

    code = "sheet_is_there"


class NoSheetError(TiergateError):
    """There is no file to look at."""

    code = "no_sheet"


@languages.command()
def new(
    language: Annotated[str, typer.Argument(help="Its tag, such as fr or pt-BR.")],
    folder: Annotated[Path, typer.Option(help="Where to write it.")] = Path("languages"),
) -> None:
    """Write a file with every sentence of the pages, to be translated. Never overwrites."""
    from tiergate.translation_sheet import sheet

    file, text = folder / f"{language}.toml", sheet(language)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise SheetIsThereError(
            f"{file} is there already.", "See what it lacks: tiergate languages check FILE"
        ) from None
    typer.echo(f"wrote  {file}")
    typer.echo(f"Fill it in, and set TIERGATE_TRANSLATIONS={folder}")


@languages.command()
def check(file: Annotated[Path, typer.Argument(help="The file of a language.")]) -> None:
    """Tell what a language's file does not say yet, and what no page says any more."""
    from tiergate.translation_files import known_sentences, read_file

    if not file.is_file():
        raise NoSheetError(f"There is no file {file}.", "Write one: tiergate languages new LANGUAGE")
    said, known = read_file(file).sentences.keys(), known_sentences().keys()
    for text in [each for each in known if each not in said]:
        typer.echo(f"missing  {text}")
    for text in sorted(said - known):
        typer.echo(f"unknown  {text}")
    typer.echo(f"{len(said & known)} of {len(known)} sentences are said.")
