use crate::preflight::{Facts, Violation};

/// The scheme of a mailbox in memory.
const MAILBOX: &str = "mailbox:";

/// Rejects mail that stays in memory. It is never delivered, and everyone who can reach the service
/// can read the links in it (CONF-7).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let kept = facts.iter().filter(|(_, setting)| {
        let url = setting.value.as_str();
        url.is_some_and(|url| url.starts_with(MAILBOX))
    });
    kept.map(|(key, setting)| Violation {
        id: "CONF-7".into(),
        key: key.to_owned(),
        origin: setting.origin.clone(),
        why: "mail stays in memory, where every client can read it, password reset links included"
            .to_owned(),
        fix: "set the URL of a mail server: smtp://user@host or smtps://user@host".to_owned(),
    })
    .collect()
}
