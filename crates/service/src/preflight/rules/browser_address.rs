use serde_json::Value;
use url::{Host, Url};

use crate::preflight::{Facts, Setting, Violation};

/// Domains that resolve to the machine of the browser (RFC 6761, section 6.3).
const LOCALHOST: &str = "localhost";

/// Requires HTTPS and a public host for addresses that browsers visit or come from (SEC-2).
///
/// An attacker on the network can change pages on plain HTTP. Any program on the user's machine can
/// serve pages on loopback. With credentials allowed, both could act as the user.
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let marked = facts
        .iter()
        .filter(|(key, setting)| setting.is_browser_address && !is_off(facts, key));
    marked
        .flat_map(|(key, setting)| {
            addresses(setting).filter_map(|address| violation(key, setting, address))
        })
        .collect()
}

/// Whether the section of a setting has a field `enabled` that is false.
fn is_off(facts: &Facts, key: &str) -> bool {
    let flag = key
        .rsplit_once('.')
        .map(|(section, _)| format!("{section}.enabled"));
    flag.and_then(|flag| facts.get(&flag))
        .is_some_and(|enabled| enabled.value == Value::Bool(false))
}

/// Returns the texts of a setting, or of a list.
fn addresses(setting: &Setting) -> impl Iterator<Item = &str> {
    let items = match &setting.value {
        Value::Array(items) => items.as_slice(),
        value => std::slice::from_ref(value),
    };
    items.iter().filter_map(Value::as_str)
}

fn violation(key: &str, setting: &Setting, address: &str) -> Option<Violation> {
    // Text that is not a URL, such as `*`, has its own rules.
    let url = Url::parse(address).ok()?;
    let why = if url.host().is_some_and(is_this_machine) {
        format!("{address} is the machine of the user, where any program can serve a page")
    } else if url.scheme() != "https" {
        format!("{address} is not encrypted, so pages from there can be changed on their way")
    } else {
        return None;
    };
    Some(Violation {
        id: "SEC-2",
        key: key.to_owned(),
        origin: setting.origin.clone(),
        why,
        fix: "name the address that browsers use in this environment, such as https://app.example.org".to_owned(),
    })
}

fn is_this_machine(host: Host<&str>) -> bool {
    match host {
        Host::Domain(domain) => domain
            .trim_end_matches('.')
            .rsplit('.')
            .next()
            .is_some_and(|last| last.eq_ignore_ascii_case(LOCALHOST)),
        Host::Ipv4(address) => address.is_loopback() || address.is_unspecified(),
        Host::Ipv6(address) => {
            let mapped = address.to_ipv4_mapped();
            address.is_loopback()
                || address.is_unspecified()
                || mapped.is_some_and(|mapped| mapped.is_loopback() || mapped.is_unspecified())
        }
    }
}
