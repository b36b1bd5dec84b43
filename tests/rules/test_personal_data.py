"""What is left of documents once what is personal in them is erased."""

from tiergate.rules.personal_data import of_cause, of_record, of_stripe, own_metadata


def test_a_document_of_stripes_keeps_its_shape_its_ids_and_its_amounts() -> None:
    """Text goes, also in fields that nobody knows yet; ids, amounts, instants and flags stay."""
    invoice = {
        "id": "in_1",
        "object": "invoice",
        "number": "ACME-0001",
        "total": 4900,
        "created": 1_800_000_000,
        "livemode": False,
        "due_date": None,
        "customer": {"id": "cus_1", "email": "ada@acme.test", "phone": "+44"},
        "customer_name": "Ada",
        "customer_address": {"city": "London", "line1": None},
        "a_field_of_tomorrow": "Ada Lovelace",
        "preferred_locales": ["en-GB"],
        "lines": {"data": [{"id": "il_1", "amount": 4900, "description": "Team for Ada"}]},
        "card": {"exp_month": 12, "exp_year": 2034, "last4": "4242"},
        "metadata": {"account_id": "acme", "bought_by": "ada@acme.test"},
    }
    assert of_stripe(invoice) == {
        "id": "in_1",
        "object": "invoice",
        "number": "ACME-0001",
        "total": 4900,
        "created": 1_800_000_000,
        "livemode": False,
        "due_date": None,
        "customer": {"id": "cus_1", "email": None, "phone": None},
        "customer_name": None,
        "customer_address": {"city": None, "line1": None},
        "a_field_of_tomorrow": None,
        "preferred_locales": [None],
        "lines": {"data": [{"id": "il_1", "amount": 4900, "description": None}]},
        "card": {"exp_month": None, "exp_year": None, "last4": None},
        "metadata": {"account_id": "acme"},
    }


def test_of_metadata_our_own_stays() -> None:
    """What tiergate wrote is kept; what anybody else wrote is not."""
    assert own_metadata({"plan_key": "team", "note": "for Ada"}) == {"plan_key": "team"}


def test_a_record_of_ours_forgets_people_and_what_they_wrote() -> None:
    """Names, notes and comments go, at any depth; plans, reasons and amounts stay."""
    record = {
        "plan": "team",
        "by": "Ada",
        "cause": "cancel by ada@acme.test",
        "steps": [{"comment": "Bye, Ada", "amount": 4900}, "team"],
    }
    assert of_record(record) == {
        "plan": "team",
        "by": None,
        "cause": "cancel by [erased]",
        "steps": [{"comment": None, "amount": 4900}, "team"],
    }
    assert of_record({"cause": None}) == {"cause": None}


def test_a_cause_forgets_who_it_was() -> None:
    """Of a cause the act stays; one that names nobody stays as it is."""
    assert of_cause("granted by Ada by phone") == "granted by [erased]"
    assert of_cause("event evt_1 invoice.paid") == "event evt_1 invoice.paid"
