"""The blank forms of cards of the older kind, entitlements and billing meters."""

from tiergate_sandbox.world.shape import shape

SHAPES = {
    "card": shape(
        "card",
        "address_city address_country address_line1 address_line1_check address_line2 address_state "
        "address_zip address_zip_check allow_redisplay customer dynamic_last4 name tokenization_method",
        private={"test_clock": None},
        livemode=False,
        brand="visa",
        country="US",
        cvc_check="pass",
        exp_month=1,
        exp_year=2030,
        fingerprint="",
        funding="credit",
        last4="",
        metadata={},
        regulated_status="unregulated",
    ),
    "entitlements.feature": shape(
        "entitlements.feature", "", active=True, lookup_key="", metadata={}, name=""
    ),
    "product_feature": shape("product_feature", "", private={"product": ""}, entitlement_feature=""),
    "entitlements.active_entitlement": shape(
        "entitlements.active_entitlement",
        "",
        private={"customer": "", "test_clock": None},
        feature="",
        lookup_key="",
    ),
    "billing.meter": shape(
        "billing.meter",
        "event_time_window",
        created=0,
        customer_mapping={"event_payload_key": "stripe_customer_id", "type": "by_id"},
        default_aggregation={"formula": "sum"},
        display_name="",
        event_name="",
        status="active",
        status_transitions={"deactivated_at": None},
        updated=0,
        value_settings={"event_payload_key": "value"},
    ),
    "billing.meter_event": shape(
        "billing.meter_event",
        "",
        private={"meter": "", "customer": "", "value": "0", "canceled": False},
        created=0,
        event_name="",
        identifier="",
        payload={},
        timestamp=0,
    ),
}
