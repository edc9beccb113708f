use super::link::Link;
use crate::preflight::{Facts, Violation};

/// Rejects a Redis on the network without a password. Every machine of that network could read and
/// change its data (CONF-5).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let open = facts.iter().filter(|(key, setting)| {
        let Some(section) = key.strip_suffix(".url") else {
            return false;
        };
        let url = setting.value.as_str().unwrap_or_default();
        let is_remote = Link::parse(url)
            .is_some_and(|link| link.scheme().starts_with("redis") && link.local_host().is_none());
        let password = format!("{section}.password");
        let mut secrets = facts.secrets();
        let has_password = secrets.any(|(key, shape)| key == password && shape.length > 0);
        is_remote && !has_password && !has_credentials(url)
    });
    open.map(|(key, setting)| Violation {
        id: "CONF-5".into(),
        key: key.to_owned(),
        origin: setting.origin.clone(),
        why: "this Redis requires no password, so every machine on its network can use it"
            .to_owned(),
        fix: "set `password` in the same section".to_owned(),
    })
    .collect()
}

/// Whether a URL has a user or a password.
fn has_credentials(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.get(..end)
        .is_some_and(|authority| authority.contains('@'))
}
