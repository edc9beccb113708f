use crate::preflight::{Facts, Violation, facts::is_loopback};

const ADDRESS: &str = "admin.addr";

/// The admin listener changes the running service: reachable from outside it must know who asks (AUTH-5).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let Some(address) = facts.text(ADDRESS) else {
        return Vec::new();
    };
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let has_token = facts
        .secrets()
        .any(|(key, shape)| key == "admin.token" && shape.length > 0);
    if is_loopback(host) || has_token {
        return Vec::new();
    }
    vec![Violation {
        id: "AUTH-5",
        key: ADDRESS.to_owned(),
        origin: facts.origin(ADDRESS),
        why: format!("the admin listener is reachable at {address} and asks nobody who they are"),
        fix: "bind it to 127.0.0.1, or set admin.token to a secret reference".to_owned(),
    }]
}
