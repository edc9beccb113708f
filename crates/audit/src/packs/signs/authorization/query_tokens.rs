//! Tokens in addresses and cookies.

use super::{GO, JVM, PYTHON, SCRIPT, Sign, review};
use crate::model::facts::Practice;

const IN_QUERY: &str =
    "`{}` reads the token from the URL, which proxies and browsers store in logs and history";
/// Links in mails contain tokens for one use.
const LINKS: &str = r"(?i)reset_?password|verify_?email|email_?verif|unsubscribe|invitation|magic_?link|confirm_?email|activat";

const fn in_query(files: &'static [&'static str], pattern: &'static str) -> Sign {
    review(Practice::QueryToken, files, pattern, LINKS, IN_QUERY)
}

pub(super) const SIGNS: &[Sign] = &[
    in_query(
        &[".rs"],
        r"(?P<what>\b(?:query|params)\.(?:access_)?token|\b(?:query|params)\.(?:api_key|jwt))\b",
    ),
    in_query(
        SCRIPT,
        r"(?P<what>\b(?:req|request)\.query\.(?:access_?[tT]oken|token|api_?[kK]ey|jwt)|@Query\(\s*['\x22](?:access_token|token|api_?[kK]ey)['\x22]\s*\)|\bhandshake\.query\.\w*[tT]oken|\bfromUrlQueryParameter\()",
    ),
    in_query(
        GO,
        r#"(?P<what>\b(?:\w+\.(?:Query|QueryParam|DefaultQuery)|URL\.Query\(\)\.Get)\(\s*"(?:access_token|token|api_?key|jwt)")"#,
    ),
    in_query(
        PYTHON,
        r"(?P<what>\b(?:query_params|args|GET)\.get\(\s*['\x22](?:access_)?token['\x22]|\b(?:token|key|api_?key)\s*:\s*(?:Optional\[)?str\]?\s*=\s*Query\()",
    ),
    in_query(
        JVM,
        r"(?P<what>@RequestParam\((?:\s*(?:name|value)\s*=)?\s*\x22(?:access_token|token|api_?[kK]ey)\x22)",
    ),
    in_query(
        &[".cs"],
        r"(?P<what>\bRequest\.Query\[\s*\x22(?:access_token|token|api_?[kK]ey)\x22\s*\])",
    ),
    review(
        Practice::BrowserToken,
        SCRIPT,
        r"(?P<what>\.cookie\(\s*['\x22]\w*(?i:jwt|token|session|sid|auth)\w*['\x22])\s*,[^;{}]*\{\s*(?:httpOnly:\s*true\s*,?\s*)?(?:secure:\s*\w+\s*,?\s*)?\}",
        "",
        "the cookie of `{}…)` has no `sameSite`, so other sites can use it",
    ),
    review(
        Practice::BrowserToken,
        SCRIPT,
        r"\.cookie\(\s*['\x22]\w*(?i:jwt|token)\w*['\x22][\s\S]{0,700}?\breturn\s*\{[^;]*?(?P<what>\b(?:access_?[tT]oken|token|jwt)\s*:\s*\w+)",
        "",
        "the response contains the token (`{}`) beside the cookie that scripts cannot read",
    ),
];
