use seaworthy_config::Mark;
use seaworthy_core::host::is_loopback;
use serde_json::Value;

use super::{
    link::{Exposure, Link},
    redis_password,
};
use crate::preflight::{Facts, Setting, Violation};

/// Whether the type of a setting declares it as the URL of a server that this service connects to.
/// Addresses for browsers have a separate rule.
fn is_link(setting: &Setting) -> bool {
    setting.marks.has(Mark::Link) && !setting.marks.has(Mark::BrowserAddress)
}

/// Whether the service connects to the address of a setting. Unlike a link, the address may be on
/// this machine, such as that of a collector that runs on each machine.
fn is_connection(setting: &Setting) -> bool {
    is_link(setting) || setting.marks.has(Mark::Connects)
}

/// Returns every link of these settings. A list contains several.
fn links(
    facts: &Facts,
    is_included: fn(&Setting) -> bool,
) -> impl Iterator<Item = (&str, &Setting, Link)> {
    let settings = facts
        .iter()
        .filter(move |(_, setting)| is_included(setting));
    settings.flat_map(|(key, setting)| {
        let texts = match &setting.value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            value => Vec::from_iter(value.as_str()),
        };
        let links = texts.into_iter().filter_map(Link::parse);
        links.map(move |link| (key, setting, link))
    })
}

/// Requires encrypted links to other machines (SEC-1).
pub(super) fn check_encryption(facts: &Facts) -> Vec<Violation> {
    let shown = links(facts, is_connection).filter_map(|(key, setting, link)| {
        let (why, fix) = match link.exposure()? {
            Exposure::Plain { fix } => (
                format!(
                    "the link to {} has no verified TLS, so others on the network can read its credentials and data",
                    link.hosts()
                ),
                format!("use {fix}"),
            ),
            Exposure::Unknown => (
                format!(
                    "the scheme {} of the link to {} is not known to be encrypted",
                    link.scheme(),
                    link.hosts()
                ),
                "use the scheme of a supported engine, with TLS".to_owned(),
            ),
        };
        Some(Violation {
            id: "SEC-1".into(),
            key: key.to_owned(),
            origin: setting.origin.clone(),
            why,
            fix,
        })
    });
    // A whole URL may be a secret. Other secrets may look like a URL by chance, so only known
    // schemes count.
    let hidden = facts.secrets().filter_map(|(key, shape)| {
        let fix = shape.plain_link?;
        Some(Violation {
            id: "SEC-1".into(),
            key: key.to_owned(),
            origin: facts.origin(key),
            why: "the link in this secret has no verified TLS, so others on the network can read its credentials and data"
                .to_owned(),
            fix: format!("use {fix}"),
        })
    });
    shown.chain(hidden).collect()
}

/// Returns how to encrypt the link in a secret. `None` if it is encrypted, or if the secret is not
/// a link of a known engine.
pub(crate) fn plain_link(secret: &str) -> Option<&'static str> {
    match Link::parse(secret)?.exposure()? {
        Exposure::Plain { fix } => Some(fix),
        Exposure::Unknown => None,
    }
}

/// As [`plain_link`], for a secret whose type declares a link. Text without a scheme, such as
/// `host:port`, is an unencrypted link.
pub(crate) fn plain_address(secret: &str) -> Option<&'static str> {
    match Link::parse(secret) {
        Some(_) => plain_link(secret),
        None => (!is_loopback(secret)).then_some("a URL with the scheme of TLS, such as rediss"),
    }
}

/// Rejects stores on this machine or inside this process, because they are lost with it (CONF-7).
/// The advice also names what another machine would need, so that one correction suffices.
pub(super) fn check_locality(facts: &Facts) -> Vec<Violation> {
    if facts.is_true("allow_embedded") {
        return Vec::new();
    }
    links(facts, is_link)
        .filter_map(|(key, setting, link)| {
            let why = if link.is_embedded() {
                format!(
                    "{} keeps the data inside this instance, and every deployment replaces the instance",
                    link.scheme()
                )
            } else {
                let host = link.local_host()?;
                format!("{host} is the local machine, which production does not allow")
            };
            Some(Violation {
                id: "CONF-7".into(),
                key: key.to_owned(),
                origin: setting.origin.clone(),
                why,
                fix: format!(
                    "set the server of this environment{}, or allow_embedded: true if the service has one instance",
                    needs(facts, key, setting, &link)
                ),
            })
        })
        .collect()
}

/// Returns what a local link would need on another machine, such as ` with sslmode=verify-full`.
fn needs(facts: &Facts, key: &str, setting: &Setting, link: &Link) -> String {
    let encryption = match link.weakness() {
        Some(Exposure::Plain { fix }) => Some(fix),
        Some(Exposure::Unknown) | None => None,
    };
    let url = setting.value.as_str().unwrap_or_default();
    let password = redis_password::is_open(facts, key, url).then_some("a password");
    let needs: Vec<&str> = encryption.into_iter().chain(password).collect();
    if needs.is_empty() {
        return String::new();
    }
    format!(" with {}", needs.join(" and "))
}
