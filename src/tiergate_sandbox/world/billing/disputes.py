"""Disputes, as far as subscriptions feel them: https://docs.stripe.com/disputes.

A charge of one of the dispute cards is disputed shortly afterwards. Evidence with the text
``winning_evidence`` or ``losing_evidence`` decides (https://docs.stripe.com/testing#disputes).
"""

from typing import Any

from tiergate_sandbox.world import cards
from tiergate_sandbox.world.billing import ending
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.indexes import subscription_of
from tiergate_sandbox.world.settings import DAY_SECONDS
from tiergate_sandbox.world.wishes import next_boundary

Obj = dict[str, Any]

EVIDENCE = (
    "access_activity_log",
    "appeal",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)
_DAYS_TO_RESPOND = 9


def open_dispute(draft: Draft, charge: Obj, now: int) -> None:
    """Let the cardholder dispute a charge; the subscription follows as the account is set."""
    charge["_"]["dispute_at"] = None
    method = draft.the("payment_method", charge["payment_method"])
    name = cards.of_method(method).name
    inquiry = name == "createDisputeInquiry"
    dispute = blank(
        "dispute",
        draft.new_id("du_"),
        amount=charge["amount"],
        charge=charge["id"],
        created=now,
        currency=charge["currency"],
        evidence={**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        evidence_details={
            "due_by": now + _DAYS_TO_RESPOND * DAY_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": None,
        },
        is_charge_refundable=inquiry,
        payment_intent=charge["payment_intent"],
        payment_method_details={
            "card": {
                "brand": method["card"]["brand"],
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": method["card"]["brand"],
                "network_reason_code": None,
            },
            "type": "card",
        },
        reason=cards.DISPUTE_REASONS[name],
        status="warning_needs_response" if inquiry else "needs_response",
    )
    dispute["_"]["test_clock"] = charge["_"]["test_clock"]
    draft.add(dispute)
    charge["disputed"] = True
    charge["_"]["inquiry"] = inquiry
    draft.emit("charge.dispute.created", dispute)
    if not inquiry:
        draft.emit("charge.dispute.funds_withdrawn", dispute)
        _end_subscription(draft, charge, now)


def submit(draft: Draft, dispute: Obj, evidence: Obj, *, final: bool) -> None:
    """Take evidence, and decide when it is handed in and says how."""
    _must_be_open(dispute)
    dispute["evidence"].update(evidence)
    dispute["evidence_details"]["has_evidence"] = any(dispute["evidence"][name] for name in EVIDENCE)
    inquiry = dispute["status"].startswith("warning")
    if final:
        dispute["evidence_details"]["submission_count"] += 1
        dispute["evidence_details"]["submission_method"] = "manual"
        dispute["status"] = "warning_under_review" if inquiry else "under_review"
    draft.emit("charge.dispute.updated", dispute)
    text = dispute["evidence"]["uncategorized_text"]
    if final and text in ("winning_evidence", "losing_evidence"):
        _close(draft, dispute, won=text == "winning_evidence")


def accept(draft: Draft, dispute: Obj) -> None:
    """Accept a dispute: it is lost."""
    _must_be_open(dispute)
    _close(draft, dispute, won=False)


def _close(draft: Draft, dispute: Obj, *, won: bool) -> None:
    inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_closed" if inquiry else "won" if won else "lost"
    draft.emit("charge.dispute.closed", dispute)
    if dispute["status"] == "won":
        draft.emit("charge.dispute.funds_reinstated", dispute)


def _must_be_open(dispute: Obj) -> None:
    if dispute["status"] in ("won", "lost", "warning_closed"):
        raise invalid(f"This dispute is already closed ({dispute['status']}); it cannot be changed any more.")


def _end_subscription(draft: Draft, charge: Obj, now: int) -> None:
    invoice = draft.get("invoice", charge["_"]["invoice"])
    sub = draft.get("subscription", subscription_of(invoice)) if invoice else None
    if sub is None or sub["status"] in ending.OVER or draft.settings.after_dispute == "leave":
        return
    if draft.settings.after_dispute == "cancel":
        ending.end(draft, sub, now, reason="payment_disputed")
        return
    ending.schedule_at_period_end(sub, next_boundary(sub), now)
    sub["cancellation_details"]["reason"] = "payment_disputed"
