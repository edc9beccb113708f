"""Calls every method with clients that grpcio-tools generated."""

import base64
import sys

import auth_pb2 as wire
import auth_pb2_grpc
import error_pb2
import feature_pb2 as flags
import feature_pb2_grpc
import greeter_pb2
import greeter_pb2_grpc
import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

channel = grpc.insecure_channel(sys.argv[1])
auth = auth_pb2_grpc.AuthStub(channel)
greeter = greeter_pb2_grpc.GreeterStub(channel)
TIMEOUT = 60
PASSWORD = "wonderful4weather"


def error_of(call, request, metadata=None):
    """Returns the code, the reason and the form of an error."""
    try:
        call(request, timeout=TIMEOUT, metadata=metadata)
    except grpc.RpcError as error:
        details = rpc_status.from_call(error).details
        info, form = error_details_pb2.ErrorInfo(), error_pb2.ErrorResponse()
        assert any(detail.Unpack(info) for detail in details), details
        forms = [detail for detail in details if detail.type_url.endswith("/common.v1.ErrorResponse")]
        assert len(forms) == 1, details
        form.ParseFromString(forms[0].value)
        assert form.message == error.details(), form
        return error.code(), info.reason, form
    raise AssertionError("the call did not fail")


def bearer(token):
    return [("authorization", f"Bearer {token}")]


reply = greeter.SayHello(greeter_pb2.HelloRequest(name="Ada"), timeout=TIMEOUT)
assert reply.message == "Hello Ada", reply

captcha = auth.GetCaptcha(wire.GetCaptchaRequest(captcha_type="image"), timeout=TIMEOUT)
assert len(captcha.captcha_id) == 32
assert base64.b64decode(captcha.image_data).startswith(b"\x89PNG"), captcha
code, reason, form = error_of(
    auth.VerifyCaptcha, wire.VerifyCaptchaRequest(captcha_id=captcha.captcha_id, captcha_code="??????")
)
assert (code, reason, form.status) == (grpc.StatusCode.INVALID_ARGUMENT, "CAPTCHA_INVALID", 400)

request = wire.RegisterRequest(username="ada", password=PASSWORD, email="ada@example.org", phone="+33612345678")
assert auth.Register(request, timeout=TIMEOUT).message
code, reason, form = error_of(auth.Register, request)
assert (code, reason, form.code) == (grpc.StatusCode.ALREADY_EXISTS, "USER_EXISTS", "RESOURCE_ALREADY_EXISTS")
code, reason, form = error_of(auth.Register, wire.RegisterRequest(username="1", password=PASSWORD))
assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "VALIDATION_FAILED")
assert form.field_errors[0].field == "username", form

login = auth.Login(wire.LoginRequest(username="ADA", password=PASSWORD), timeout=TIMEOUT)
assert login.expires_in == 900 and login.access_token and login.refresh_token
code, reason, _ = error_of(auth.Login, wire.LoginRequest(username="ada", password="wrong4password"))
assert (code, reason) == (grpc.StatusCode.UNAUTHENTICATED, "PASSWORD_INCORRECT")

status = auth.LockStatus(wire.LockStatusRequest(username="ada"), timeout=TIMEOUT, metadata=bearer(login.access_token))
assert (status.locked, status.failed_attempts, status.max_attempts) == (False, 1, 5), status
code, reason, _ = error_of(auth.LockStatus, wire.LockStatusRequest(username="ada"))
assert (code, reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
code, reason, _ = error_of(auth.LockStatus, wire.LockStatusRequest(username="eve"), bearer(login.access_token))
assert (code, reason) == (grpc.StatusCode.PERMISSION_DENIED, "INSUFFICIENT_PERMISSION")

refreshed = auth.RefreshToken(wire.RefreshTokenRequest(refresh_token=login.refresh_token), timeout=TIMEOUT)
assert refreshed.refresh_token != login.refresh_token
assert auth.Logout(wire.LogoutRequest(), timeout=TIMEOUT, metadata=bearer(refreshed.access_token)).success
code, reason, _ = error_of(auth.Logout, wire.LogoutRequest(), bearer(refreshed.access_token))
assert (code, reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")
code, reason, _ = error_of(auth.RefreshToken, wire.RefreshTokenRequest(refresh_token=refreshed.refresh_token))
assert (code, reason) == (grpc.StatusCode.UNAUTHENTICATED, "REFRESH_TOKEN_INVALID")

admin = bearer(sys.argv[2])
features = feature_pb2_grpc.FeatureToggleStub(channel)


def call(method, request):
    return method(request, timeout=TIMEOUT, metadata=admin)


name = "new_page"
code, reason, _ = error_of(features.ListToggles, flags.ListTogglesRequest())
assert (code, reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
code, reason, form = error_of(features.GetToggle, flags.GetToggleRequest(flag=name), admin)
assert (code, form.code) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND"), (code, form)
config = flags.ToggleConfig(enabled=True, strategy=flags.PERCENTAGE, rules={"percentage": "100"}, tags=["web"])
updated = call(features.UpdateToggle, flags.UpdateToggleRequest(flag=name, config=config)).toggle
assert (updated.flag, updated.config.strategy) == (name, flags.PERCENTAGE), updated
found = call(features.GetToggle, flags.GetToggleRequest(flag=name)).toggle
assert found.config.rules["percentage"] == "100" and found.config.HasField("created_at"), found


def evaluate():
    context = flags.EvaluationContext(user_id="7", user_type="internal", attributes={"plan": "team"})
    reply = call(features.EvaluateToggle, flags.EvaluateToggleRequest(flag=name, context=context))
    return reply.enabled, reply.reason


assert evaluate() == (True, "percentage_hit"), evaluate()
disabled = call(features.DisableToggle, flags.DisableToggleRequest(flag=name)).toggle
assert not disabled.config.enabled and evaluate() == (False, "feature_disabled"), disabled
assert call(features.EnableToggle, flags.EnableToggleRequest(flag=name)).toggle.config.enabled
listed = call(features.ListToggles, flags.ListTogglesRequest(tags=["web"], enabled_only=True, page_size=5))
assert (listed.total, listed.page, listed.page_size) == (1, 1, 5) and listed.toggles[0].flag == name, listed
stats = call(features.GetStats, flags.GetStatsRequest())
# The service knows flags without a file.
assert stats.total_toggles > 20 and stats.strategies["percentage"] == 2, stats
assert stats.total_toggles == stats.enabled_count + stats.disabled_count, stats
assert call(features.DeleteToggle, flags.DeleteToggleRequest(flag=name)).success
assert evaluate() == (False, "unknown_flag"), evaluate()
print("all methods behave as documented")
