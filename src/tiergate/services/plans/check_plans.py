"""Checks the text of a catalogue: what is wrong with it, and what could be better."""

from dataclasses import asdict, dataclass
from typing import Any

from tiergate.rules.catalog_advice import Advice, advise
from tiergate.rules.catalog_file import CatalogError, Mistake, parse_catalog
from tiergate.rules.toml_positions import positions_of


@dataclass(frozen=True, slots=True)
class PlansCheck:
    """What was found. Mistakes keep a text from being published; advice does not."""

    mistakes: tuple[Mistake, ...]
    advice: tuple[Advice, ...]

    @property
    def is_valid(self) -> bool:
        """Whether the text can be published."""
        return not self.mistakes

    def as_json(self) -> dict[str, Any]:
        """Return it for programs: each with ``line``, ``column``, ``message`` and ``remedy``."""
        return {
            "valid": self.is_valid,
            "mistakes": [asdict(mistake) for mistake in self.mistakes],
            "advice": [asdict(advice) for advice in self.advice],
        }


def check_plans(text: str, file_name: str = "billing.toml") -> PlansCheck:
    """Check a text; there is advice only where nothing is wrong."""
    try:
        catalog = parse_catalog(text, file_name)
    except CatalogError as error:
        return PlansCheck(error.mistakes, ())
    return PlansCheck((), advise(catalog, positions_of(text)))
