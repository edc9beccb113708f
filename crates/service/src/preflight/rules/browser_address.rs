use std::net::IpAddr;

use seaworthy_config::Mark;
use seaworthy_core::host::is_loopback;
use serde_json::Value;
use url::{Host, Url};

use crate::preflight::{Facts, Setting, Violation};

/// Requires HTTPS and a public host for addresses that browsers visit or come from (SEC-2).
///
/// An attacker on the network can change pages on plain HTTP. Any program on the user's machine can
/// serve pages on loopback. With credentials allowed, both could act as the user.
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let marked = facts.marked(Mark::BrowserAddress);
    marked
        .filter(|(key, _)| facts.is_enabled(key) != Some(false))
        .flat_map(|(key, setting)| {
            addresses(setting).filter_map(|address| violation(key, setting, address))
        })
        .collect()
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
        format!("{address} is not encrypted, so an attacker on the network can change its pages")
    } else {
        return None;
    };
    Some(Violation {
        id: "SEC-2".into(),
        key: key.to_owned(),
        origin: setting.origin.clone(),
        why,
        fix: "name the address that browsers use in this environment, such as https://app.example.org".to_owned(),
    })
}

/// Also true for the unspecified addresses, which browsers on some systems send to loopback.
fn is_this_machine(host: Host<&str>) -> bool {
    let ip = match host {
        Host::Domain(_) => None,
        Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
        Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
    };
    is_loopback(&host.to_string()) || ip.is_some_and(|ip| ip.to_canonical().is_unspecified())
}
