//! Rust: axum, actix, sqlx and reqwest.

use super::{
    BLOCKS, ENDLESS, ERROR_TEXT, HEALTHY, OPEN, Practice, RUST, SQL, Sign, inside, review,
};

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::SqlText,
        RUST,
        r##"(?i)(?P<what>\bformat!\(\s*r?#?"\s*(?:select\b[^"]*\bfrom|insert\s+into|update\s+\w+\s+set|delete\s+from))\b[^"]*(?:=|like|values\s*\()\s*'?%?\{"##,
        "",
        SQL,
    ),
    review(
        Practice::HealthResult,
        RUST,
        r#"\.route\(\s*"/(?:api/)?(?:health\w*|ready\w*|live\w*|ping|status)"\s*,\s*(?:web::)?get\((?:\))?(?:\.to)?\(?\s*(?:\|\|\s*)?(?P<what>async\s*(?:move\s*)?\{\s*(?:"[^"]*"|StatusCode::OK|HttpResponse::Ok\(\)[^}]*|\(\s*\))\s*\})"#,
        "",
        HEALTHY,
    ),
    review(
        Practice::InternalError,
        RUST,
        r"(?P<what>\bStatusCode::INTERNAL_SERVER_ERROR\s*,\s*(?:format!\([^)\n]*\be(?:rr|rror)?\b[^)\n]*\)|e(?:rr|rror)?\.to_string\(\)))|InternalServerError\(\)\s*\.(?:body|json)\(\s*(?:e(?:rr)?\.to_string\(\)|format!\([^)\n]*\be\b)",
        "",
        ERROR_TEXT,
    ),
    review(
        Practice::OutboundTimeout,
        RUST,
        r"(?P<what>\b(?:reqwest::)?Client::new\(\))",
        r"(?i)timeout|redis::|mongodb|aws_",
        ENDLESS,
    ),
    review(
        Practice::Blocking,
        RUST,
        r"(?P<what>\bstd::thread::sleep\(|\bthread::sleep\(|\bstd::fs::(?:read|write|read_to_string|File::open)\w*\(|\breqwest::blocking::)",
        r"spawn_blocking|fn main\(\)\s*(?:->|\{)|build\.rs",
        BLOCKS,
    ),
    inside(
        Practice::IgnoredError,
        RUST,
        r"(?P<what>\.await\s*\.ok\(\)\s*;)",
        r"\basync\b",
        "",
        "the error before `{}` is ignored",
    ),
    review(
        Practice::IgnoredError,
        RUST,
        r"(?m)^\s*let _ = (?P<what>[\w.:]+\.(?:post|get|put|delete|publish|execute|save|insert|update)[\w.]*\()",
        "",
        "the error of `{}` is ignored",
    ),
    // Without `await` it is a channel, which fails only after its receiver has ended.
    review(
        Practice::IgnoredError,
        RUST,
        r"(?m)^\s*let _ = (?P<what>[\w.:]+\.send[\w.]*\()[^;]*\.await",
        r"oneshot|mpsc|watch::|broadcast|unbounded_channel",
        "the error of `{}` is ignored",
    ),
    Sign {
        elsewhere: r"(?i)\bjwt\b|from_fn\w*\([^)\n]*auth|auth_?layer|RequireAuthorization|HttpAuthentication|Claims|\bAuthUser|extract::\w*Auth|bearer",
        ..review(
            Practice::OpenRoute,
            RUST,
            r#"(?P<what>\.route\(\s*"/[^"\n]*"\s*,\s*[^\n]*\b(?:post|put|patch|delete)\()"#,
            r"(?i)\bauth|jwt|Claims|require_",
            OPEN,
        )
    },
    Sign {
        elsewhere: r"(?i)\bjwt\b|from_fn\w*\([^)\n]*auth|HttpAuthentication|Claims|\bAuthUser|bearer",
        ..review(
            Practice::OpenRoute,
            RUST,
            r#"(?P<what>#\[(?:post|put|patch|delete)\(\s*"/[^"\n]*")"#,
            r"(?i)\bauth|jwt|Claims|Identity|Session",
            OPEN,
        )
    },
];
