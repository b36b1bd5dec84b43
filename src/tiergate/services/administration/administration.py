"""What admins may do: sign in, and edit and publish the catalogue."""

from collections.abc import Callable

from tiergate.services.administration import admin_accounts, sign_in
from tiergate.services.administration.sign_in import AdminSession, SignedIn
from tiergate.services.context import Context
from tiergate.services.plans import draft_catalog
from tiergate.services.plans.diff_plans import PlansDiff
from tiergate.services.plans.draft_catalog import Editing
from tiergate.services.plans.push_plans import Pushed
from tiergate.store.admin_rows import Admin, AdminEntry, admin_entries
from tiergate.store.draft_rows import accounts_by_plan


class Administration:
    """The admins' side of ``Billing``. Safe to share between threads."""

    def __init__(self, context: Context) -> None:
        """Work in the same world as ``Billing``."""
        self._context = context

    def add(self, email: str, password: str) -> str:
        """Make an admin, and return the address as it is kept.

        Raises ``AdminError`` and ``WeakPasswordError``.
        """
        return admin_accounts.create_admin(self._context, email, password)

    def admins(self) -> list[Admin]:
        """Return all admins, those who are disabled too."""
        return admin_accounts.list_admins(self._context)

    def disable(self, email: str) -> None:
        """Keep an admin from signing in, and end all sessions. Raises ``AdminError``."""
        admin_accounts.disable_admin(self._context, email)

    def change_password(self, email: str, password: str) -> None:
        """Give an admin another password and end all sessions; one who was disabled may sign in again.

        Raises ``AdminError`` and ``WeakPasswordError``.
        """
        admin_accounts.change_password(self._context, email, password)

    def sign_in(self, email: str, password: str, address: str, old_token: str | None = None) -> SignedIn:
        """Sign an admin in with a new session. Raises ``SignInFailedError`` and ``TooManyAttemptsError``."""
        return sign_in.sign_in(self._context, email, password, address, old_token)

    def sign_out(self, token: str) -> None:
        """End a session."""
        sign_in.sign_out(self._context, token)

    def session(self, token: str) -> AdminSession | None:
        """Return the session of a token, unless it is over."""
        return sign_in.session_of(self._context, token)

    def journal(self, limit: int = 100) -> list[AdminEntry]:
        """Return what admins did, and who tried to be one, the newest first."""
        with self._context.database.read() as tx:
            return admin_entries(tx, limit)

    def editing(self) -> Editing:
        """Return the published catalogue, and the draft of the next one."""
        return draft_catalog.read_editing(self._context)

    def edit(self, by: str, change: Callable[[str], str]) -> Editing:
        """Change the draft by a function from text to text.

        Raises what ``change`` raises, and ``CatalogError`` for what is no TOML.
        """
        return draft_catalog.edit_draft(self._context, by, change)

    def diff_draft(self) -> PlansDiff:
        """Return what publishing the draft would change. Raises ``NoDraftError`` and ``CatalogError``."""
        return draft_catalog.diff_draft(self._context)

    def discard_draft(self, by: str) -> None:
        """Forget the draft."""
        draft_catalog.discard_draft(self._context, by)

    def keep_draft(self, by: str, version: int) -> None:
        """Keep the draft although ``version`` was published meanwhile. Raises ``DraftConflictError``."""
        draft_catalog.keep_draft(self._context, by, version)

    def publish_draft(self, by: str, seen: str) -> Pushed:
        """Publish the draft as it was seen. Raises ``DraftConflictError`` and ``CatalogError``."""
        return draft_catalog.publish_draft(self._context, by, seen)

    def accounts_by_plan(self) -> dict[str, int]:
        """Return how many accounts have each plan."""
        with self._context.database.read() as tx:
            return accounts_by_plan(tx)
