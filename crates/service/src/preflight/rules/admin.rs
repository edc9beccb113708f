use crate::preflight::{Facts, Violation, facts::is_loopback};

const ADDRESS: &str = "admin.addr";
const TOKEN: &str = "admin.token";
/// 128 bits, written in any usual alphabet.
const SHORTEST_TOKEN: usize = 22;

/// The admin listener changes the running service: reachable from outside it must know who asks (AUTH-5).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let Some(address) = facts.text(ADDRESS) else {
        return Vec::new();
    };
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    if is_loopback(host) {
        return Vec::new();
    }
    let token = facts.secrets().find(|(key, _)| *key == TOKEN);
    let (key, why) = match token {
        Some((_, shape)) if shape.is_known_sample || shape.length < SHORTEST_TOKEN => {
            (TOKEN, "the admin token can be guessed".to_owned())
        }
        Some(_) => return Vec::new(),
        None => (
            ADDRESS,
            format!("the admin listener is reachable at {address} and asks nobody who they are"),
        ),
    };
    vec![Violation {
        id: "AUTH-5",
        key: key.to_owned(),
        origin: facts.origin(key),
        why,
        fix: format!(
            "bind it to 127.0.0.1, or set {TOKEN} to a reference to a secret of at least {SHORTEST_TOKEN} random bytes"
        ),
    }]
}
