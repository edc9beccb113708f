//! Names of functions that protect, start or clean up something.

/// First words of names of functions whose absence matters.
const VERBS: &[&str] = &[
    "close",
    "stop",
    "shutdown",
    "flush",
    "cleanup",
    "clean",
    "purge",
    "expire",
    "evict",
    "release",
    "unlock",
    "rollback",
    "compensate",
    "cancel",
    "retry",
    "validate",
    "verify",
    "check",
    "authorize",
    "authenticate",
    "require",
    "ensure",
    "limit",
    "throttle",
    "sanitize",
    "escape",
    "encrypt",
    "decrypt",
    "hash",
    "sign",
    "run",
    "start",
    "listen",
    "consume",
    "subscribe",
    "schedule",
    "process",
    "dispatch",
    "publish",
    "emit",
    "notify",
    "send",
    "register",
    "handle",
    "recover",
    "refresh",
    "rotate",
    "revoke",
    "invalidate",
    "reconcile",
    "sync",
    "archive",
    "reconnect",
    "watch",
    "monitor",
    "observe",
    "drain",
    "lock",
    "acquire",
    "refund",
    "restore",
    "enable",
    "setup",
    "init",
    "apply",
    "enforce",
    "reset",
    "update",
    "delete",
    "remove",
    "mark",
    "complete",
    "confirm",
    "graceful",
    "wait",
    "load",
    "read",
    "configure",
];

/// Parts of questions whose answer protects something: `IsBlacklisted`, `is_revoked`.
const STATES: &[&str] = &[
    "blacklist",
    "blocklist",
    "revoked",
    "allowed",
    "authorized",
    "permitted",
    "duplicate",
    "processed",
    "throttled",
    "banned",
];

/// Functions that libraries call by name, in lower case.
const HOOKS: &[&str] = &[
    "main",
    "init",
    "setup",
    "cleanup",
    "consumeclaim",
    "servehttp",
    "processtask",
    "run",
    "start",
    "stop",
    "close",
    "validate",
    "handle",
    "process",
    "register",
    "refresh",
    "canactivate",
    "transform",
    "intercept",
    "catch",
    "use",
    "handleconnection",
    "handledisconnect",
    "handlerequest",
    "handler",
    "synclevel",
    "update",
    "delete",
    "remove",
    "reset",
    "check",
    "watch",
    "send",
    "publish",
    "sign",
    "verify",
    "lock",
    "unlock",
    "wait",
    "flush",
    "sync",
    "hash",
    "encrypt",
    "decrypt",
    "emit",
    "listen",
    "subscribe",
    "shutdown",
    "validatetoken",
    "startup",
    "upgrade",
    "downgrade",
];

/// Whether the first word of a name is a verb of the list, and no library calls the name.
pub(super) fn is_relevant(name: &str) -> bool {
    let lower = name.trim_start_matches('_').to_lowercase();
    let is_question = ["is", "has"].iter().any(|start| {
        lower.strip_prefix(start).is_some_and(|rest| {
            STATES
                .iter()
                .any(|state| rest.trim_start_matches('_').contains(state))
        })
    });
    is_question
        || name.len() > 5
            && !HOOKS.contains(&lower.as_str())
            && VERBS.iter().any(|verb| {
                lower.strip_prefix(verb).is_some_and(|_| {
                    let rest = name
                        .trim_start_matches('_')
                        .get(verb.len()..)
                        .unwrap_or_default();
                    rest.is_empty() || rest.starts_with(|letter: char| !letter.is_ascii_lowercase())
                })
            })
}
