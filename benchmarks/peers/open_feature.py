"""OpenFeature's in-memory provider, with one flag that is always on: the least that it can do."""

# The peer is installed in an environment of its own, where this runs.
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.provider.in_memory_provider import (
    InMemoryFlag,
    InMemoryProvider,
)

from benchmarks.check_turns import take_timed_turns


def main() -> None:
    """Take turns."""
    api.set_provider(InMemoryProvider({"api_calls": InMemoryFlag("on", {"on": True, "off": False})}))
    take_timed_turns(
        "client.get_boolean_value('api_calls', False, context)",
        client=api.get_client(),
        context=EvaluationContext("account-0000000"),
    )


if __name__ == "__main__":
    main()
