//! Notifications of providers: their signature, and their repetition.

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside};
use crate::model::facts::Practice;

const PARSED: &str =
    "`{}` signs a body that was parsed and written again, so valid signatures differ";
const TIME: &str = "`{}` compares a signature in variable time";
const AGAIN: &str = "a notification that the provider sends twice runs `{}` twice";
/// Words of a function that handles a notification of a provider.
const PROVIDER: &str = r"(?i)webhook|/callbacks?\b|\bipn\b|payment_?notif";
/// Words of code that recognizes a known notification, or whose effect is the same twice.
const ONCE: &str = r"(?i)event_?\.?id|processed|idempot|dedup|already|on conflict|setnx|exists|unique|duplicate|status\s*[!=]==?\s*|status != |\.status ==";

const fn again(files: &'static [&'static str], pattern: &'static str) -> Sign {
    inside(Practice::Idempotency, files, pattern, PROVIDER, ONCE, AGAIN)
}

const fn timed(files: &'static [&'static str], pattern: &'static str) -> Sign {
    inside(
        Practice::SecretComparison,
        files,
        pattern,
        ONE_FUNCTION,
        r"timingSafeEqual|ConstantTimeCompare|hmac\.Equal|compare_digest|MessageDigest\.isEqual",
        TIME,
    )
}

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::Webhook,
        SCRIPT,
        r"createHmac\([^;]*?\.update\(\s*(?P<what>JSON\.stringify\(\s*(?:req|request|ctx\.request)\.body)",
        ONE_FUNCTION,
        r"rawBody",
        PARSED,
    ),
    inside(
        Practice::Webhook,
        PYTHON,
        r"hmac\.new\([^\n]*(?P<what>json\.dumps)\(",
        r"(?i)signature",
        r"request\.(?:body|data|get_data)",
        PARSED,
    ),
    timed(
        SCRIPT,
        r"(?P<what>\b(?:req|request)\.(?:headers\[['\x22]x-[\w-]*signature['\x22]\]|(?:header|get)\(['\x22][\w-]*[sS]ignature['\x22]\))\s*[!=]==?)|(?P<other>\b\w*[sS]ignature\s*[!=]==?\s*(?:expected|computed|digest|hash|hmac)\w*)",
    ),
    timed(
        GO,
        r#"(?P<what>\.Header\.Get\(\s*"[\w-]*[sS]ignature"\s*\)\s*[!=]=)|(?P<other>\b\w*[sS]ignature\s*[!=]=\s*(?:expected|computed|want|hex\.|sign)\w*)"#,
    ),
    timed(
        PYTHON,
        r"(?P<what>\b(?:request\.)?headers(?:\.get\(|\[)['\x22][\w-]*[sS]ignature['\x22][\])]\s*[!=]=)|(?P<other>\b\w*signature\s*[!=]=\s*(?:expected|computed|digest|hmac)\w*)",
    ),
    timed(
        JVM,
        r"(?P<what>\b\w*(?:[sS]ignature|[hH]mac|[dD]igest)\w*\.equals)\(",
    ),
    again(
        SCRIPT,
        r"await\s+(?P<what>[\w.]+\.(?:query\(\s*['\x22`]\s*(?i:insert|update)|create\(|save\(|increment\(|update\w*\())",
    ),
    again(
        GO,
        r"(?P<what>\b[\w.]*(?:svc|service|repo|store|usecase|uc|wallet\w*|account\w*)\w*\.(?:Deposit|Credit|Add\w*|Create\w*|Increase\w*|Increment\w*|Record\w*|Top[uU]p\w*|Confirm\w*|Mark\w*|Process\w*))\(",
    ),
    again(
        PYTHON,
        r"(?P<what>\b(?:db|session)\.(?:commit|add)|\b\w+\.save|\.objects\.create|\b\w+\.balance \+=)\(?",
    ),
    again(
        JVM,
        r"(?P<what>\b\w*(?:[rR]epository|[sS]ervice|Repo)\.(?:save|create\w*|credit|deposit|add\w*|increase\w*|confirm\w*|mark\w*))\(",
    ),
];
