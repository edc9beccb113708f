use std::net::{IpAddr, Ipv6Addr};

use seaworthy_config::Mark;
use serde_json::Value;

use crate::preflight::{Facts, Violation};

/// Minimum prefix length of an IPv4 range: that of 10.0.0.0/8, the largest private range.
const MIN_IPV4_PREFIX: u8 = 8;
/// Minimum prefix length of an IPv6 range. The prefixes of Internet providers are longer.
const MIN_IPV6_PREFIX: u8 = 16;

/// Rejects ranges that contain clients, and not only proxies. Such a client could choose the
/// address that limits and logs use (SEC-6).
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let lists = facts.marked(Mark::TrustedProxies);
    lists
        .filter_map(|(key, setting)| {
            let ranges = setting.value.as_array()?;
            let range = ranges.iter().filter_map(Value::as_str).find(is_too_wide)?;
            Some(Violation {
                id: "SEC-6".into(),
                key: key.to_owned(),
                origin: setting.origin.clone(),
                why: format!(
                    "{range} contains addresses of clients, which could then choose the address that limits and logs use"
                ),
                fix: "list only the ranges of your proxies, such as 10.0.0.0/8".to_owned(),
            })
        })
        .collect()
}

/// Whether a range is larger than every network of an operator. Addresses that are unique or valid
/// only in a local network (`fc00::/7`, `fe80::/10`) are never those of clients from the Internet.
fn is_too_wide(range: &&str) -> bool {
    let Some((ip, prefix)) = range.split_once('/') else {
        return false;
    };
    let (Ok(ip), Ok(prefix)) = (ip.parse::<IpAddr>(), prefix.parse::<u8>()) else {
        return false;
    };
    match ip {
        IpAddr::V4(_) => prefix < MIN_IPV4_PREFIX,
        IpAddr::V6(ip) => prefix < MIN_IPV6_PREFIX && !is_local(ip, prefix),
    }
}

fn is_local(ip: Ipv6Addr, prefix: u8) -> bool {
    (ip.is_unique_local() && prefix >= 7) || (ip.is_unicast_link_local() && prefix >= 10)
}
