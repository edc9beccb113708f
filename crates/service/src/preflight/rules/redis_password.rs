use super::link::Link;
use crate::preflight::{Facts, Violation};

/// Rejects a Redis on the network without a password. Every machine of that network could read and
/// change its data (CONF-5).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let shown = facts.iter().filter(|(_, setting)| {
        let url = setting.value.as_str().unwrap_or_default();
        needs_password(url)
    });
    let shown = shown.map(|(key, _)| key);
    let hidden = facts.secrets().filter(|(_, shape)| shape.needs_password);
    let open = shown.chain(hidden.map(|(key, _)| key));
    open.filter(|key| !has_password(facts, key))
        .map(|key| Violation {
            id: "CONF-5".into(),
            key: key.to_owned(),
            origin: facts.origin(key),
            why: "this Redis requires no password, so every machine on its network can use it"
                .to_owned(),
            fix: "set `password` in the same section".to_owned(),
        })
        .collect()
}

/// Whether a text is the URL of a Redis on another machine without a password.
pub(crate) fn needs_password(url: &str) -> bool {
    let is_remote = Link::parse(url)
        .is_some_and(|link| link.scheme().starts_with("redis") && link.local_host().is_none());
    is_remote && !has_credentials(url)
}

/// Whether a setting is the URL of a Redis on any machine without a password.
pub(super) fn is_open(facts: &Facts, key: &str, url: &str) -> bool {
    let is_redis = Link::parse(url).is_some_and(|link| link.scheme().starts_with("redis"));
    is_redis && !has_credentials(url) && !has_password(facts, key)
}

/// Whether the section of a setting has a password.
fn has_password(facts: &Facts, key: &str) -> bool {
    let section = key.rsplit_once('.').map_or("", |(section, _)| section);
    let password = format!("{section}.password");
    let mut secrets = facts.secrets();
    secrets.any(|(key, shape)| key == password && shape.length > 0)
}

/// Whether a URL has a user or a password.
fn has_credentials(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.get(..end)
        .is_some_and(|authority| authority.contains('@'))
}
