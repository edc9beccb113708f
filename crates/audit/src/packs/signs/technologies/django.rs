//! Django and Django REST framework: settings, views and serializers.

use super::{ONE_FUNCTION, PYTHON, Sign, inside, review};
use crate::model::facts::Practice;

/// Settings of all environments, or of production.
const SETTINGS: &[&str] = &["settings.py", "settings/base.py", "settings/production.py"];

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::PoolBounds,
        SETTINGS,
        r"(?m)^(?P<what>DATABASES)\s*=\s*\{[^#]{0,300}?(?:postgresql|mysql|psycopg|oracle)",
        r"(?i)CONN_MAX_AGE|conn_max_age|[\x22']pool[\x22']|dj_db_conn_pool",
        "each request opens a connection of its own, because `{}` sets neither `CONN_MAX_AGE` nor `pool`",
    ),
    review(
        Practice::OpenByDefault,
        SETTINGS,
        r"(?m)^(?P<what>REST_FRAMEWORK)\s*=\s*\{",
        r"DEFAULT_PERMISSION_CLASSES",
        "`{}` has no `DEFAULT_PERMISSION_CLASSES`, so each view without `permission_classes` is public",
    ),
    review(
        Practice::Encryption,
        PYTHON,
        r#"(?P<what>\.set_cookie)\(\s*(?:key\s*=\s*)?["'][^"']*(?i:token|session|auth|jwt)"#,
        r"(?i)\bsecure\s*=|\*\*\w*cookie",
        "the browser also sends the token over plain HTTP, because `{}` has no `secure`",
    ),
    // The status of the class itself is 500. Its subclasses have their own.
    review(
        Practice::ErrorResponse,
        PYTHON,
        r"(?P<what>\braise (?:exceptions\.)?APIException\()",
        "",
        "the response to `{}…)` is 500, also if the caller made the mistake",
    ),
    inside(
        Practice::UncheckedValue,
        PYTHON,
        r#"(?P<what>\b(?:request\.)?data\[["']\w+["']\])"#,
        r"\brequest\.data\b",
        r"KeyError|\bin (?:request\.)?data\b|JSONParser",
        "a body without the field raises `KeyError`, and the response is 500 (`{}`)",
    ),
    review(
        Practice::NumberRange,
        PYTHON,
        r"(?m)^[ \t]*(?P<what>(?:quantity|qty|amount|units|price))\s*=\s*serializers\.(?:Integer|Decimal|Float)Field\(\s*(?:(?:required|default|max_value|max_digits|decimal_places|allow_null|label|help_text|source|write_only)\s*=\s*[^,()\n]+,?\s*)*\)",
        r"validate_(?:quantity|qty|amount|units|price)\b|MinValueValidator|min_value",
        "`{}` may be zero or negative",
    ),
    inside(
        Practice::OutboundTimeout,
        PYTHON,
        r"\bdef \w+\([^)]*(?P<what>\btimeout(?:\s*:[^=,)\n]+)?\s*=\s*None)\b[^)]*\)[^\n]*:\s*\n(?:[ \t]+[^\n]*\n){0,12}?[ \t]+[^\n]*\b(?:requests|httpx|session|client)\.\w+\([^\n]*\btimeout\s*=\s*timeout\b",
        ONE_FUNCTION,
        r"timeout\s+(?:or|if)\b|timeout is None",
        "a caller without a timeout of its own waits without a limit (`{}`)",
    ),
    review(
        Practice::AccountEnumeration,
        PYTHON,
        r#"(?m)^class \w*(?i:resend|forgot|reset)\w*\([^)\n]*\):\n(?:[ \t][^\n]*\n|\n){1,40}?[^\n]*(?P<what>\b(?:APIException|NotFound|ValidationError|Response|HTTPException)\([^\n]*(?i:(?:email|user|account)[^\n"']*(?:not found|n[o']t exist|not registered)))"#,
        "",
        "the response tells whether the account exists (`{}`)",
    ),
    review(
        Practice::OutboundTimeout,
        SETTINGS,
        r"(?m)^(?P<what>EMAIL_HOST)\s*=",
        r"EMAIL_TIMEOUT",
        "the mail server may block a request without a limit, because `EMAIL_TIMEOUT` is not set",
    ),
    review(
        Practice::OutboundTimeout,
        SETTINGS,
        r"(?m)^(?P<what>CACHES)\s*=\s*\{[^#]{0,300}?(?i:redis)",
        r"(?i)socket_timeout",
        "a request waits for a slow Redis without a limit, because `{}` sets no `SOCKET_TIMEOUT`",
    ),
    inside(
        Practice::IgnoredError,
        PYTHON,
        r"\bdef \w*(?P<what>exception_handler)\(\s*exc\b[\s\S]{0,2000}?(?:status\s*=\s*500|HTTP_500)",
        ONE_FUNCTION,
        r"(?i)\blog\w*\.|capture_exception|sentry|traceback",
        "no log shows the failures that `{}` answers with 500",
    ),
    review(
        Practice::ExposedHash,
        PYTHON,
        r"(?P<what>\bmodel_to_dict\(\s*(?:\w+\.)?(?:user|account|owner)\s*\))",
        "",
        "`{}` contains the hash of the password",
    ),
    review(
        Practice::MassAssignment,
        PYTHON,
        r#"class \w+\([^)\n]*ModelSerializer\):(?:\n(?:[ \t][^\n]*)?){0,25}?\n[ \t]+fields\s*=\s*[\[(][^\])]*(?P<what>["'](?:is_staff|is_superuser|is_admin|is_user|is_verified|role|roles|balance|completed)["'])"#,
        r"read_only",
        "a caller may set {}, because no field of the serializer is read-only",
    ),
    review(
        Practice::RetryDelay,
        PYTHON,
        r"(?P<what>\b\w*(?:wait|delay|sleep|backoff)\w*\s*=\s*\w+\s*\*\*\s*\w+)",
        r"\bmin\(|max_(?:wait|delay|backoff)",
        "the backoff `{}` grows without a maximum",
    ),
];
