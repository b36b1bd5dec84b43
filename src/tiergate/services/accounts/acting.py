"""Who acts for an account: one of its owners, who may change what is paid for, or a member, who may ask."""

from dataclasses import dataclass
from typing import Literal, get_args

from tiergate.rules.errors import TiergateError

Role = Literal["owner", "member"]
ROLES: tuple[str, ...] = get_args(Role)
_LONGEST = 255


class ActingError(TiergateError):
    """Nobody can act for an account like that."""

    code = "acting_invalid"


@dataclass(frozen=True, slots=True)
class Acting:
    """A person in one role in one account. A person may belong to several: each is another ``Acting``.

    ``person`` is what the host calls that person, an e-mail address for instance; the journal names it.
    """

    account_id: str
    role: Role = "owner"
    person: str = ""

    def __post_init__(self) -> None:
        """Refuse a role that does not exist, so that no slip of the pen makes an owner."""
        if self.role not in ROLES:
            raise ActingError(f"There is no role {self.role!r}.", f"The roles are: {', '.join(ROLES)}.")
        if len(self.person) > _LONGEST or not self.person.isprintable():
            raise ActingError(
                "This cannot be what a person is called.", f"Use up to {_LONGEST} printable characters."
            )

    @property
    def is_owner(self) -> bool:
        """Whether this person may change what is paid for."""
        return self.role == "owner"
