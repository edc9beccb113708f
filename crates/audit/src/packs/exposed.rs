//! Internal content that a service shows to its callers. One check for all languages.

use tree_sitter::Node;

use super::practice::{mentions, show};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::syntax::Code;

/// Last parts of paths that are only useful for debugging or demonstrations.
const DEBUG_PATHS: &[&str] = &[
    "debug",
    "memory",
    "oom",
    "crash",
    "panic",
    "kill",
    "exit",
    "shutdown",
    "heapdump",
    "dump",
    "threaddump",
    "pprof",
    "env",
    "sleep",
    "leak",
    "cpu",
    "load",
    "stress",
    "gc",
    "phpinfo",
    "test-error",
    "debug-sentry",
    "error-test",
    "seed",
    "reset-db",
    "resetdb",
    "flushdb",
];
/// Words of a comment on a route for debugging.
const DEBUG_WORDS: &[&str] = &[
    "debugging",
    "for debug",
    "debug only",
    "debug purposes",
    "testing only",
    "for testing",
    "test only",
    "remove before",
    "remove in production",
    "temporary route",
];
/// Headers with the identity of a caller. A proxy sets them, but a caller can set them too.
const IDENTITY: &[&str] = &[
    "x-user-id",
    "x-userid",
    "x-user",
    "x-username",
    "x-user-name",
    "x-user-role",
    "x-role",
    "x-roles",
    "x-tenant-id",
    "x-account-id",
    "x-customer-id",
    "x-user-email",
    "user-id",
    "userid",
    "x-is-admin",
    "x-admin",
    "x-user-roles",
];
/// Parts of names of values that attackers must not guess.
pub(super) const SECRET_WORDS: &[&str] = &[
    "token",
    "secret",
    "password",
    "otp",
    "verif",
    "nonce",
    "sessionid",
    "captcha",
    "salt",
    "apikey",
    "invite",
    "coupon",
    "smscode",
    "authcode",
    "resetcode",
];
/// Maximum number of bytes of a comment above a route that are read.
const COMMENT_WINDOW: usize = 240;

/// Documents of the interface that anyone can read.
pub(super) fn docs<'t>(code: &Code<'t>, at: Node<'t>, conditional: bool, facts: &mut FactSink<'_>) {
    let (verdict, evidence) = if conditional || mentions(code.name_around(at), &["dev"]) {
        (
            Verdict::Kept,
            "a condition decides whether the documents are served",
        )
    } else {
        (
            Verdict::Minor,
            "the documents of the interface are served in every environment",
        )
    };
    show(code, facts, at, Practice::ApiDocs, verdict, evidence);
}

/// A route for debugging, by its path or by the comment above it.
pub(super) fn debug_route<'t>(code: &Code<'t>, at: Node<'t>, path: &str, facts: &mut FactSink<'_>) {
    let last = path
        .trim_end_matches(['/', '*'])
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    if !path.starts_with('/') && !path.contains(" /") {
        return;
    }
    webhook(code, at, path, facts);
    let commented = mentions(comment_above(code, at), DEBUG_WORDS);
    let named = DEBUG_PATHS.contains(&last.as_str()) || path.contains("/debug/");
    if !(commented || named) {
        return;
    }
    let conditional = code.enclosing(at, &["if_statement"]).is_some();
    if conditional {
        show(
            code,
            facts,
            at,
            Practice::DebugRoute,
            Verdict::Kept,
            "a condition decides whether the route for debugging exists",
        );
        return;
    }
    let verdict = if commented
        || matches!(
            last.as_str(),
            "memory"
                | "oom"
                | "crash"
                | "panic"
                | "kill"
                | "heapdump"
                | "leak"
                | "debug"
                | "phpinfo"
        ) {
        Verdict::LikelyBroken
    } else {
        Verdict::Review
    };
    show(
        code,
        facts,
        at,
        Practice::DebugRoute,
        verdict,
        format!("the route `{path}` is for debugging, and every environment serves it"),
    );
}

/// Words by which code verifies who sent a notification.
const VERIFIES: &[&str] = &[
    "signature",
    "hmac",
    "verif",
    "constructevent",
    "secret",
    "sign(",
    "auth",
    "digest",
    "jwt",
];

/// A route that other systems call with news, in a file that verifies nothing.
fn webhook<'t>(code: &Code<'t>, at: Node<'t>, path: &str, facts: &mut FactSink<'_>) {
    let lower = path.to_lowercase();
    let news = [
        "webhook",
        "/ipn",
        "payment/callback",
        "pay/notify",
        "/hooks/",
    ]
    .iter()
    .any(|word| lower.contains(word));
    if !news {
        return;
    }
    // A handler next to the path does its own verification, unless a hook of the file does it.
    let own = code.text(at);
    let inline = ["=>", "function", "func("]
        .iter()
        .any(|word| own.contains(word))
        && !mentions(&code.file.text, &["addhook", ".use(", "middleware"]);
    let text = if inline { own } else { &code.file.text };
    let (verdict, evidence) = if mentions(text, VERIFIES) {
        (
            Verdict::Kept,
            format!("the file of the route `{path}` verifies something"),
        )
    } else {
        (
            Verdict::Review,
            format!("other systems call the route `{path}`, and its file verifies no signature"),
        )
    };
    show(code, facts, at, Practice::Webhook, verdict, evidence);
}

/// Returns the comment lines directly above a node.
fn comment_above<'t>(code: &Code<'t>, at: Node<'t>) -> &'t str {
    let start = at.start_byte();
    let mut first = start.saturating_sub(COMMENT_WINDOW);
    let text: &'t str = &code.file.text;
    while !text.is_char_boundary(first) {
        first += 1;
    }
    let before = text.get(first..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at);
    let above = before.get(..line_start).unwrap_or_default();
    let mut from = above.len();
    for line in above.rsplit('\n') {
        let trimmed = line.trim_start();
        if !(trimmed.starts_with("//")
            || trimmed.starts_with('#')
            || trimmed.starts_with('*')
            || trimmed.starts_with("/*"))
        {
            break;
        }
        from = from.saturating_sub(line.len() + 1);
    }
    above.get(from..).unwrap_or_default()
}

/// The identity of a caller is read from a header that the caller writes.
pub(super) fn identity<'t>(code: &Code<'t>, at: Node<'t>, header: &str, facts: &mut FactSink<'_>) {
    if !IDENTITY.contains(&header.to_lowercase().as_str()) {
        return;
    }
    // A gateway in the same repository sets the header after it verified a token.
    let verified = mentions(
        &code.file.text,
        &["jwt", "verify", "mtls", "signature", "hmac"],
    );
    let verdict = if verified {
        Verdict::Review
    } else {
        Verdict::LikelyBroken
    };
    show(
        code,
        facts,
        at,
        Practice::CallerIdentity,
        verdict,
        format!("the identity of the caller is taken from the header `{header}`"),
    );
}
