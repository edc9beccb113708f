use seaworthy_core::host::is_loopback;

use crate::preflight::{Facts, Violation};

const ADDRESS: &str = "admin.addr";
const TOKEN: &str = "admin.token";
/// Minimum length of the admin token, in bytes: 128 bits in base64.
const MIN_TOKEN_LENGTH: usize = 22;

/// Requires a token for an admin listener that other machines reach, because it changes the running
/// service (AUTH-5).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let Some(address) = facts.text(ADDRESS) else {
        return Vec::new();
    };
    if is_loopback(address) {
        return Vec::new();
    }
    let token = facts.secrets().find(|(key, _)| *key == TOKEN);
    let (key, why) = match token {
        Some((_, shape)) if shape.is_known_sample || shape.length < MIN_TOKEN_LENGTH => {
            (TOKEN, "the admin token can be guessed".to_owned())
        }
        Some(_) => return Vec::new(),
        None => (
            ADDRESS,
            format!("the admin listener at {address} accepts unauthenticated requests"),
        ),
    };
    vec![Violation {
        id: "AUTH-5".into(),
        key: key.to_owned(),
        origin: facts.origin(key),
        why,
        fix: format!(
            "bind it to 127.0.0.1, or set {TOKEN} to a reference to a secret of at least {MIN_TOKEN_LENGTH} random bytes"
        ),
    }]
}
