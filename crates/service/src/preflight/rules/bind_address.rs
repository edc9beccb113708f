use crate::preflight::{Facts, Violation};

const ADDRESSES: [&str; 2] = ["server.http.addr", "server.grpc.addr"];

/// Requires explicit addresses for the listeners (CONF-7).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let settings = ADDRESSES
        .into_iter()
        .filter_map(|key| Some((key, facts.get(key)?)));
    settings
        .filter(|(_, setting)| setting.is_default)
        .map(|(key, setting)| Violation {
            id: "CONF-7".into(),
            key: key.to_owned(),
            origin: setting.origin.clone(),
            why: format!(
                "the address is the development default {}, which other machines cannot reach",
                setting.value
            ),
            fix: format!("set {key} explicitly, for example to 0.0.0.0:8000"),
        })
        .collect()
}
