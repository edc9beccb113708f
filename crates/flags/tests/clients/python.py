"""Evaluates flags with stock OpenFeature providers. Arguments: gRPC address, HTTP address."""

import sys
import threading

from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent
from openfeature.exception import ErrorCode

GRPC, HTTP = sys.argv[1], sys.argv[2]
HOST, PORT = GRPC.rsplit(":", 1)


def check(client, name):
    context = EvaluationContext(targeting_key="ann", attributes={"plan": "team", "level": 5})
    on = client.get_boolean_details("beta", False, context)
    assert (on.value, on.variant) == (True, "on"), (name, on)
    assert client.get_boolean_value("beta", True, EvaluationContext("bob")) is False, name
    assert client.get_string_value("theme", "none", context) in ("red", "blue"), name
    theme = client.get_string_details("theme", "none", EvaluationContext("user-1"))
    integer = client.get_integer_details("size", 0, context)
    assert (integer.value, integer.variant) == (5, "large"), (name, integer)
    assert client.get_float_value("ratio", 0.0, context) == 0.25, name
    assert client.get_object_value("limits", {}, context) == {"files": 3, "names": ["a"]}, name
    missing = client.get_boolean_details("missing", True, context)
    assert (missing.value, missing.error_code) == (True, ErrorCode.FLAG_NOT_FOUND), (name, missing)
    wrong = client.get_string_details("beta", "x", context)
    assert (wrong.value, wrong.error_code) == ("x", ErrorCode.TYPE_MISMATCH), (name, wrong)
    disabled = client.get_boolean_details("disabled", True, context)
    assert disabled.value is True, (name, disabled)
    return theme.variant


def flagd(resolver):
    ready = threading.Event()
    provider = FlagdProvider(host=HOST, port=int(PORT), tls=False, resolver_type=resolver, deadline_ms=5000)
    api.set_provider(provider, str(resolver))
    client = api.get_client(str(resolver))
    client.add_handler(ProviderEvent.PROVIDER_READY, lambda _: ready.set())
    assert ready.wait(10), resolver
    return client


variants = {
    "rpc": check(flagd(ResolverType.RPC), "rpc"),
    "in-process": check(flagd(ResolverType.IN_PROCESS), "in-process"),
}
api.set_provider(OFREPProvider(f"http://{HTTP}"), "ofrep")
variants["ofrep"] = check(api.get_client("ofrep"), "ofrep")
assert len(set(variants.values())) == 1, variants

changed = threading.Event()
client = api.get_client(str(ResolverType.RPC))
client.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, lambda event: changed.set())
print("ready", flush=True)
sys.stdin.readline()
assert changed.wait(10), "no event after a change"
api.shutdown()
print("done", flush=True)
