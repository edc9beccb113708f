use crate::preflight::{Facts, Violation};

const LISTENERS: [&str; 2] = ["server.http", "server.grpc"];

/// Traffic is encrypted here, or a proxy in front is known to do it (SEC-1).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let present = LISTENERS
        .into_iter()
        .filter(|listener| facts.get(&format!("{listener}.addr")).is_some());
    present
        .filter(|listener| {
            let encrypted = facts.iter().any(|(key, setting)| {
                key.strip_prefix(*listener).is_some_and(|rest| rest.starts_with(".tls.")) && !setting.value.is_null()
            });
            !encrypted && !facts.flag("behind_tls_proxy")
        })
        .map(|listener| Violation {
            id: "SEC-1",
            key: format!("{listener}.tls"),
            origin: "not set".to_owned(),
            why: "traffic is readable and changeable by everyone on the way".to_owned(),
            fix: format!("set {listener}.tls.certificate and .key, or behind_tls_proxy: true where a proxy ends TLS"),
        })
        .collect()
}
