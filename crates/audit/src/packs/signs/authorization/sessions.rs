//! Tokens and cookies: their lifetime, their flags, and claims that no code reads.

use super::{GO, SCRIPT, Sign, inside, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::TokenLifetime,
        SCRIPT,
        r"(?P<what>\bexpiresIn\s*:\s*(?:[\w.]*[mM]axAge\b|(?:\d+\s*\*\s*)+1000\b|1000(?:\s*\*\s*\d+)+))",
        "",
        "`{}` counts milliseconds, and the library reads seconds",
    ),
    inside(
        Practice::TokenLifetime,
        SCRIPT,
        r"(?i)access_?token\s*[:=][^\n]*\.sign(?:Async)?\(\s*\w+\s*,[^;]*?refresh_?token\s*[:=][^\n]*(?P<what>\.sign(?:Async)?)\(\s*\w+\s*,",
        ".",
        r"(?i)refresh\w*secret|secret\w*refresh|\btype\s*:|token_?type|\bjti\b|secret\s*:",
        "`{}` makes a refresh token that is accepted as an access token",
    ),
    review(
        Practice::BrowserToken,
        SCRIPT,
        r"(?P<what>\bsecure\s*:\s*false)\b[^{}]*(?:sameSite|maxAge|httpOnly|path)|(?:sameSite|maxAge|httpOnly|path)[^{}]*\bsecure\s*:\s*false\b",
        r"createTransport|nodemailer",
        "a cookie travels without encryption (`secure: false`)",
    ),
    review(
        Practice::BrowserToken,
        SCRIPT,
        r"(?P<what>\bsameSite\s*:\s*['\x22][nN]one['\x22])",
        r"(?i)csrf",
        "with `{}` the forms of other sites send the cookie, and no code checks a CSRF token",
    ),
    review(
        Practice::BrowserToken,
        GO,
        r"(?P<what>\bhttp\.Cookie\{)",
        r"HttpOnly:\s*true",
        "`{}…}` sets no `HttpOnly`, so scripts of the page read the cookie",
    ),
    review(
        Practice::BrowserToken,
        GO,
        r"(?P<what>\bhttp\.Cookie\{)",
        r"SameSite:",
        "`{}…}` sets no `SameSite`, so other sites can use the cookie",
    ),
    // A guard whose handlers cannot know who calls.
    review(
        Practice::Ownership,
        GO,
        r"(?P<what>\bjwt\.Parse(?:WithClaims)?)\([\s\S]*?(?:next\.ServeHTTP\(|\bc\.Next\(\)|return next\()",
        r"WithValue|\.Set\(|Locals\(|[cC]laims\[|NewContext|SetUser|Header\.Set",
        "the guard checks the token of `{}` and drops its claims, so no handler knows the caller",
    ),
    inside(
        Practice::UncheckedValue,
        SCRIPT,
        r"(?:const|let)\s+(?:user|\{\s*user\s*\})\s*(?::\s*\w+\s*)?=\s*(?:request|req)(?:\.user|\[['\x22]user['\x22]\])?\s*;[^?]*?(?P<what>\buser\.\w+)",
        r"canActivate|[gG]uard|roles",
        r"!\s*user\s*[)&|]|user\?\.|user\s*&&|if\s*\(\s*user\s*\)",
        "`{}` fails if no other guard ran before",
    ),
    review(
        Practice::DebugRoute,
        &[".go", ".ts", ".js"],
        r#"\.(?:GET|Get|get)\(\s*["'`]/?(?P<what>[\w/-]*token)["'`]\s*,(?:[^\n]*\n){0,6}?[^\n]*(?i:generate|create|issue|sign)\w*\("#,
        r"(?i)csrf|password|credential|api_?key",
        "the route `{}` gives a token to every caller",
    ),
    // gin and fiber run middleware only for routes that are registered after it.
    review(
        Practice::OpenRoute,
        GO,
        r"(?m)^\s*(?:\w+\.)*\w*(?i:routes?|handlers?)\w*\(\s*(?:[\w.&]+,\s*)*?(?:router|engine|app|r|g)\b[^\n]*\)\s*\n(?:[^\n]*\n){0,8}?\s*(?P<what>(?:router|engine|app|r|g)\.Use)\(",
        r"chi\.|echo\.New",
        "`{}` follows the routes, and its middleware does not run for them",
    ),
    review(
        Practice::OpenRoute,
        SCRIPT,
        r"\bapp\.use\([^\n]*[rR]outes?\w*\)[\s\S]{0,400}?(?P<what>app\.use\(\s*(?:helmet|rateLimit|limiter|auth\w*|verify\w*|express\.json))",
        r"express\.static",
        "`{}…)` follows the routes, and does not run for them",
    ),
];
