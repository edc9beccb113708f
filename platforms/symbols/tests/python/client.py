"""Calls every method, reflection and health with clients that grpcio-tools generated."""

import sys

import grpc
import symbols_pb2 as wire
import symbols_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status
from google.rpc import error_details_pb2

channel = grpc.insecure_channel(sys.argv[1])
symbols = symbols_pb2_grpc.SymbolsServiceStub(channel)
TIMEOUT = 30


def reason(error):
    detail = rpc_status.from_call(error).details[0]
    info = error_details_pb2.ErrorInfo()
    assert detail.Unpack(info), detail
    return info.reason


def error_of(call, request):
    try:
        call(request, timeout=TIMEOUT)
    except grpc.RpcError as error:
        assert "x-request-id" in dict(error.initial_metadata()) or "x-request-id" in dict(error.trailing_metadata())
        return error.code(), error.details(), reason(error)
    raise AssertionError("the call did not fail")


request = wire.CreateSymbolRequest(
    project_id=7,
    uid="1b4e28ba-2fa1-4d1c-883f-0016d3cca427",
    label="Hero",
    class_name="c-hero",
    component_target="page",
    version=1,
    data=b"\x00\xff\x10",
)
SAMPLE = "10071a2431623465323862612d326661312d346431632d383833662d30303136643363636134323722044865726f2a06632d6865726f3204706167653801420300ff10"
assert request.SerializeToString().hex() == SAMPLE
created, call = symbols.CreateSymbol.with_call(request, timeout=TIMEOUT)
assert created.SerializeToString().hex() == "0a450801" + SAMPLE, created.SerializeToString().hex()
assert "x-request-id" in dict(call.initial_metadata())
assert error_of(symbols.CreateSymbol, request) == (
    grpc.StatusCode.INVALID_ARGUMENT,
    "symbol with this UID already exists in the project",
    "DUPLICATE_SYMBOL",
)
assert symbols.GetSymbol(wire.GetSymbolRequest(id=1), timeout=TIMEOUT).symbol.data == b"\x00\xff\x10"
update = wire.UpdateSymbolRequest(id=1, project_id=8, uid=request.uid, label="L", class_name="C", component_target="T", version=2)
assert symbols.UpdateSymbol(update, timeout=TIMEOUT).symbol.data == b"\x00\xff\x10"
listed = symbols.ListSymbols(wire.ListSymbolsRequest(project_id=8, limit=2, label="L"), timeout=TIMEOUT)
assert len(listed.symbols) == 1 and listed.pagination.total_count == 1 and listed.pagination.limit == 2
assert not symbols.ListSymbols(wire.ListSymbolsRequest(project_id=8, label=""), timeout=TIMEOUT).symbols
assert symbols.DeleteSymbol(wire.DeleteSymbolRequest(id=1), timeout=TIMEOUT).success
assert error_of(symbols.GetSymbol, wire.GetSymbolRequest(id=1))[::2] == (grpc.StatusCode.NOT_FOUND, "SYMBOL_NOT_FOUND")
assert error_of(symbols.GetSymbol, wire.GetSymbolRequest())[::2] == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ID")
assert error_of(symbols.ListSymbols, wire.ListSymbolsRequest(project_id=8, limit=101))[::2] == (
    grpc.StatusCode.INVALID_ARGUMENT,
    "VALIDATION_ERROR",
)

# An unknown method, and bytes that are not a message.
raw = channel.unary_unary("/service.symbols.v1.SymbolsService/Nothing")
try:
    raw(b"", timeout=TIMEOUT)
    raise AssertionError("the method exists")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error
raw = channel.unary_unary("/service.symbols.v1.SymbolsService/CreateSymbol")
try:
    raw(b"\x1a\x02\xff\xff", timeout=TIMEOUT)
    raise AssertionError("the text is not UTF-8")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
    assert reason(error) == "CODEC", reason(error)

health = health_pb2_grpc.HealthStub(channel)
check = health.Check(health_pb2.HealthCheckRequest(service="service.symbols.v1.SymbolsService"), timeout=TIMEOUT)
assert check.status == health_pb2.HealthCheckResponse.SERVING
if hasattr(health, "List"):
    statuses = health.List(health_pb2.HealthListRequest(), timeout=TIMEOUT).statuses
    assert "service.symbols.v1.SymbolsService" in statuses, statuses

database = ProtoReflectionDescriptorDatabase(channel)
assert "service.symbols.v1.SymbolsService" in database.get_services(), database.get_services()
assert "grpc.health.v1.Health" in database.get_services()
described = database.FindFileContainingSymbol("service.symbols.v1.SymbolsService")
assert [method.name for method in described.service[0].method][0] == "CreateSymbol"
print("all methods behave as documented")
