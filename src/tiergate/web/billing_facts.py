"""What the billing page is made from: one account's position, as the rules and the mirror know it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tiergate.rules.access import Access, Reason
from tiergate.rules.catalog import Catalog, Feature, Plan
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.payment_problem import PaymentProblem
from tiergate.rules.policy import Policy
from tiergate.rules.price import Price
from tiergate.rules.state import Invoice, PaymentMethod
from tiergate.services.accounts.ask_to_upgrade import Asked
from tiergate.services.checkout.preview_purchase import PurchasePreview
from tiergate.web.render import Frame

IN_DEBT = frozenset({Reason.PAST_DUE_GRACE, Reason.PAST_DUE, Reason.UNPAID, Reason.INCOMPLETE})
"""Where a payment of the subscription is outstanding."""


@dataclass(frozen=True, slots=True)
class UsageLine:
    """How much of a limit or of metered usage is spent. ``limit`` is ``None`` where nothing caps it."""

    feature: Feature
    limit: int | None
    used: int | None = None
    """``None`` where the product does not report it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A plan as it is bought: paid how, and for how many seats."""

    plan: Plan | None
    interval: str | None = None
    quantity: int = 1
    add_ons: Mapping[str, int] = field(default_factory=dict)
    """How much of each add-on comes with it, by key."""


@dataclass(frozen=True, slots=True)
class Running:
    """The subscription that the buttons of the page change, and what becomes of it."""

    terms: Terms
    members: int | None = None
    is_changeable: bool = True
    """Whether nothing stands in the way of a change: no debt, no pause, nothing unknown."""
    is_ending: bool = False
    is_paused: bool = False
    """Whether Stripe collects no payments for a while."""
    resumes_at: datetime | None = None
    can_pause: bool = False
    coming: Terms | None = None
    """What is planned to follow, and from when on."""
    coming_at: datetime | None = None
    waiting: Terms | None = None
    """What holds once its payment is made or confirmed, where, and until when that can be done."""
    pay_url: str | None = None
    pay_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class BillingPage:
    """What the billing page is made from: the account's position at ``at``, on the account's own time."""

    frame: Frame
    catalog: Catalog
    at: datetime
    access: Access
    reason: Reason
    plan: Plan | None = None
    """The plan that holds now; ``None`` where nothing does."""
    subscribed_plan: Plan | None = None
    """The plan of the subscription that the reason speaks of, also after its end; ``None`` without one."""
    price: Price | None = None
    """The price of that subscription."""
    status: str | None = None
    """The subscription's status at Stripe."""
    holds_until: datetime | None = None
    """When the present phase ends."""
    trial_end: datetime | None = None
    current_period_end: datetime | None = None
    cancel_at: datetime | None = None
    grace_ends_at: datetime | None = None
    has_card: bool | None = None
    """``None`` where nobody has asked Stripe yet."""
    usage: tuple[UsageLine, ...] = ()
    usage_resets_at: datetime | None = None
    invoices: tuple[Invoice, ...] = ()
    running: Running | None = None
    card: PaymentMethod | None = None
    """What invoices are charged to, where its details are known."""
    has_customer: bool = False
    """Whether Stripe knows the account, so that its pages can be opened."""
    billing_email: str = ""
    problem: PaymentProblem | None = None
    """Why the last payment did not go through; ``None`` where it did, or nobody knows."""
    asked: tuple[Asked, ...] = ()
    """What members wish an owner to do."""
    purchase: PurchasePreview | None = None
    """What buying the trial that runs without a card comes to; ``None`` where there is none to buy."""
    after: str = ""
    """What the customer has just done, if anything: see ``told_after``."""

    @property
    def subject(self) -> Plan | None:
        """The plan that the page's sentences are about."""
        return self.subscribed_plan or self.plan

    @property
    def subject_name(self) -> str:
        """Its name, or a word in its place."""
        return self.subject.name if self.subject else self.say("your plan")

    @property
    def policy(self) -> Policy:
        """The decisions about what follows the subscribed plan."""
        return self.subject.policy if self.subject else Policy()

    @property
    def keeps_plan(self) -> bool:
        """Whether the account may use all that it subscribed to."""
        return self.access is Access.FULL and self.plan is not None and self.plan == self.subject

    @property
    def boundary_at(self) -> datetime | None:
        """Until when the present position holds; ``None`` where nothing known will change it."""
        return None if self.holds_until == DISTANT_FUTURE else self.holds_until

    @property
    def portal_url(self) -> str:
        """Where a form opens Stripe's own pages."""
        return self.act_url("portal")

    def act_url(self, name: str) -> str:
        """Where a form does something to the subscription, such as ``undo``."""
        return f"{self.frame.base_path}/api/billing/{name}"

    def say(self, text: str, /, **values: object) -> str:
        """Say a sentence, named by its English text, in the reader's language."""
        return self.frame.wording.say(text, **values)

    def date(self, at: datetime) -> str:
        """Write a day as the reader writes it."""
        return self.frame.wording.date(at)
