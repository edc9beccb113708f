use crate::preflight::{Facts, Violation};

/// Where a service listens in production is somebody's decision (CONF-7).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let defaulted = ["server.http.addr", "server.grpc.addr"]
        .into_iter()
        .filter_map(|key| {
            facts
                .get(key)
                .filter(|setting| setting.is_default)
                .map(|setting| (key, setting))
        });
    defaulted
        .map(|(key, setting)| Violation {
            id: "CONF-7",
            key: key.to_owned(),
            origin: setting.origin.clone(),
            why: format!("the address is the development default {}, which nothing outside this machine reaches", setting.value),
            fix: format!("set {key} explicitly, for example to 0.0.0.0:8000"),
        })
        .collect()
}
