//! Python programs: state, tokens, health and credentials.

use super::{PYTHON, Sign, review};
use crate::model::facts::Practice;

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::MemoryState,
        PYTHON,
        r"(?m)^(?P<what>_?\w*(?i:cache|session|token|otp|attempt|cart|limiter)s?)\s*(?::[^=\n]*)?=\s*(?:\{\}|dict\(\)|defaultdict\()",
        r"(?i)\blru|\bttl|maxsize|\.pop\(|\bdel |\.clear\(",
        "`{}` is separate in each process and may grow without a limit",
    ),
    review(
        Practice::TokenLifetime,
        PYTHON,
        r"(?P<what>\bjwt\.encode)\(\s*\{[^{}\n]*\}",
        r#"["']exp["']|\bexp="#,
        "the token of `{}` never expires",
    ),
    review(
        Practice::HealthResult,
        PYTHON,
        r#"(?m)^@\w+\.(?:get|route)\(\s*["'][^"'\n]*(?:health|ready|readiness)[^"'\n]*["'][^\n]*\n(?:async )?def [^\n]*\n(?:[ \t]+[^\n]*\n){1,8}?[ \t]+(?P<what>except)[^\n]*:[ \t]*\n(?:[ \t]+(?:log\w*\.|logging\.|print\()[^\n]*\n|[ \t]+pass[ \t]*\n)+[ \t]+return [^\n]*(?:ok|up|healthy)"#,
        "",
        "after `{}` the response is the same as without a failure",
    ),
    review(
        Practice::OutboundTimeout,
        PYTHON,
        r"(?P<what>\btimeout\s*=\s*None)\s*[,)]",
        "",
        "`{}` disables the timeout",
    ),
    review(
        Practice::WeakRandom,
        PYTHON,
        r#"["']\w*(?i:code|otp|pin|token)["']\s*:\s*(?:str\()?(?P<what>random\.\w+)\("#,
        "",
        "`{}` generates predictable values",
    ),
    review(
        Practice::CodeCredential,
        PYTHON,
        r#"(?P<what>\.login)\(\s*["'][^"'\n]+["']\s*,\s*["'][^"'\n{]{6,}["']\s*\)"#,
        "",
        "the password of `{}` is a literal",
    ),
];
