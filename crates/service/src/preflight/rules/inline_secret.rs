use crate::preflight::{Facts, Violation};

/// Rejects secrets that are written in a file or on the command line. Everyone who can read that
/// place has the secret (CONF-5).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let inline = facts.iter().filter(|(_, setting)| setting.is_inline_secret);
    inline
        .map(|(key, setting)| Violation {
            id: "CONF-5".into(),
            key: key.to_owned(),
            origin: setting.origin.clone(),
            why: "the secret is written in plain text, so everyone who can read the configuration has it"
                .to_owned(),
            fix: "rotate the secret, and refer to it by env:NAME, file:/run/secrets/name, vault:mount/path#key or aws:NAME"
                .to_owned(),
        })
        .collect()
}
