"""LaunchDarkly's SDK without a network: test data with one flag, which is on for one account."""

# The peer is installed in an environment of its own, where this runs.
from ldclient import Context, LDClient
from ldclient.config import Config
from ldclient.integrations.test_data import TestData

from benchmarks.check_turns import take_timed_turns


def main() -> None:
    """Take turns."""
    data = TestData.data_source()
    flag = data.flag("api_calls").boolean_flag().fallthrough_variation(False)
    data.update(flag.variation_for_user("account-0000000", True))
    config = Config("sdk-benchmark", update_processor_class=data, send_events=False, diagnostic_opt_out=True)
    take_timed_turns(
        "client.variation('api_calls', context, False)",
        client=LDClient(config),
        context=Context.create("account-0000000"),
    )


if __name__ == "__main__":
    main()
