use crate::preflight::{Facts, Violation};

/// A secret that stands in a file is read by everyone who reads the file (CONF-5).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let inline = facts.iter().filter(|(_, setting)| setting.is_inline_secret);
    inline
        .map(|(key, setting)| Violation {
            id: "CONF-5",
            key: key.to_owned(),
            origin: setting.origin.clone(),
            why: "the secret is written out, so everyone who can read this place has it".to_owned(),
            fix: "replace it by a reference (env:NAME, file:/run/secrets/name or vault:path#key) and change the secret".to_owned(),
        })
        .collect()
}
