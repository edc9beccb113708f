//! Responses of other services that the code reads without a check of their status.

use super::{GO, JVM, ONE_FUNCTION, PYTHON, SCRIPT, Sign, inside};
use crate::model::facts::Practice;

const UNREAD: &str =
    "no code reads the status of `{}`, so a failure of the other service counts as success";

const fn status(files: &'static [&'static str], pattern: &'static str, read: &'static str) -> Sign {
    inside(
        Practice::IgnoredError,
        files,
        pattern,
        ONE_FUNCTION,
        read,
        UNREAD,
    )
}

pub(super) const SIGNS: &[Sign] = &[
    status(
        GO,
        r"\b(?:resp?|response|res), err :?= (?P<what>[\w.]*(?:[cC]lient\w*(?:\(\))?\.(?:Do|Get|Post)|\bhttp\.(?:Get|Post|PostForm)|DefaultClient\.Do))\(",
        r"StatusCode|\.Status\b|return (?:resp?|response|res), |return [\w.]*(?:check|handle|decode|parse|read)\w*\((?:\w+, )?(?:resp?|response|res)\b|IsSuccess|IsError",
    ),
    status(
        SCRIPT,
        r"(?:=|return)\s*await\s+(?P<what>\bfetch)\(",
        r"\.ok\b|\.status\b|statusText",
    ),
    status(
        PYTHON,
        r"(?P<what>\b(?:requests|httpx|http_client|async_client|client|http|self\.(?:_?client|_?http|session))\.(?:post|put|patch|delete|get))\(",
        r"raise_for_status|status_code|\.ok\b|is_success|is_error|def test_|TestClient|locust|HttpUser|\bl\.client|randint|\.status\b",
    ),
    status(
        JVM,
        r"(?P<what>\b\w*[cC]lient\.send)\([^;]*BodyHandlers",
        r"statusCode\(\)",
    ),
];
