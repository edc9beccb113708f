use crate::preflight::{Facts, Violation};

/// Mail that is kept in memory reaches nobody, and shows everybody who reaches the service the links in it (CONF-7); mail without TLS is read by everyone on its way (SEC-1).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let kept = facts.iter().filter(|(_, setting)| {
        let is_mailbox = |url: &str| url.starts_with("mailbox:");
        setting.value.as_str().is_some_and(is_mailbox)
    });
    let kept = kept.map(|(key, setting)| Violation {
        id: "CONF-7",
        key: key.to_owned(),
        origin: setting.origin.clone(),
        why: "mail is kept in memory and shown to whoever asks, links to new passwords included"
            .to_owned(),
        fix: "name a mail server: smtp://user@host or smtps://user@host".to_owned(),
    });
    let plain = facts
        .iter()
        .filter(|(key, setting)| key.ends_with("allow_plaintext") && setting.value == true);
    let plain = plain.map(|(key, setting)| Violation {
        id: "SEC-1",
        key: key.to_owned(),
        origin: setting.origin.clone(),
        why: "mail and the password of the server go over the network unencrypted".to_owned(),
        fix: "set it to false: without STARTTLS nothing is sent".to_owned(),
    });
    kept.chain(plain).collect()
}
