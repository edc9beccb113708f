use crate::preflight::{Facts, Violation};

const LISTENERS: [&str; 2] = ["server.http", "server.grpc"];

/// Requires TLS on the listeners, unless a proxy in front of them terminates it (SEC-1).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    if facts.is_true("behind_tls_proxy") {
        return Vec::new();
    }
    let plain = LISTENERS.into_iter().filter(|listener| {
        let is_present = facts.get(&format!("{listener}.addr")).is_some();
        let section = format!("{listener}.tls.");
        let is_encrypted = facts
            .iter()
            .any(|(key, setting)| key.starts_with(&section) && !setting.value.is_null());
        is_present && !is_encrypted
    });
    plain
        .map(|listener| Violation {
            id: "SEC-1".into(),
            key: format!("{listener}.tls"),
            origin: "not set".to_owned(),
            why: "the traffic is not encrypted, so others on the network can read and change it".to_owned(),
            fix: format!(
                "set {listener}.tls.certificate and .key, or behind_tls_proxy: true if a proxy terminates TLS"
            ),
        })
        .collect()
}
