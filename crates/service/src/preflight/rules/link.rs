use serde_json::Value;

use crate::preflight::{Facts, Setting, Violation, facts::is_loopback};

/// Engines on the network: the scheme without encryption, and what a URL with encryption shows.
const PLAIN: [(&str, &str); 11] = [
    ("postgres", "sslmode=verify-full"),
    ("postgresql", "sslmode=verify-full"),
    ("mysql", "ssl-mode=VERIFY_IDENTITY"),
    ("mariadb", "ssl-mode=VERIFY_IDENTITY"),
    ("redis", "the scheme rediss"),
    ("amqp", "the scheme amqps"),
    ("nats", "the scheme tls"),
    ("mongodb", "tls=true"),
    ("mqtt", "the scheme mqtts"),
    ("kafka", "the scheme kafkas"),
    ("http", "the scheme https"),
];
/// Options by which a URL of a plain scheme asks for encryption.
const ENCRYPTED: [&str; 8] = [
    "sslmode=verify-full",
    "sslmode=verify-ca",
    "sslmode=require",
    "ssl-mode=verify_identity",
    "ssl-mode=verify_ca",
    "ssl-mode=required",
    "tls=true",
    "tls=required",
];
/// Engines inside the process.
const EMBEDDED: [&str; 2] = ["sqlite", "memory"];

struct Link<'a> {
    scheme: &'a str,
    host: &'a str,
    rest: &'a str,
}

fn parse(setting: &Setting) -> Option<Link<'_>> {
    let Value::String(text) = &setting.value else {
        return None;
    };
    let (scheme, rest) = text.split_once(':')?;
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let without_port = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    Some(Link {
        scheme,
        host: without_port.map_or(host, |(host, _)| host),
        rest,
    })
}

/// Whether a setting names a server that this service connects to. Addresses for browsers have a
/// separate rule.
fn is_link(key: &str, setting: &Setting) -> bool {
    if setting.is_browser_address {
        return false;
    }
    let last = key.rsplit('.').next().unwrap_or(key);
    last == "url" || last.ends_with("_url") || last == "dsn" || last.ends_with("_dsn")
}

/// A link to another machine is encrypted (SEC-1).
pub(super) fn check_encryption(facts: &Facts) -> Vec<Violation> {
    let links = facts.iter().filter(|(key, setting)| is_link(key, setting));
    links
        .filter_map(|(key, setting)| {
            let link = parse(setting)?;
            let (_, encrypted) = PLAIN
                .iter()
                .find(|(scheme, _)| scheme.eq_ignore_ascii_case(link.scheme))?;
            let rest = link.rest.to_ascii_lowercase();
            let is_encrypted = ENCRYPTED.iter().any(|option| rest.contains(option));
            (!is_encrypted && !is_loopback(link.host)).then(|| Violation {
                id: "SEC-1",
                key: key.to_owned(),
                origin: setting.origin.clone(),
                why: format!(
                    "the link to {} is not encrypted, credentials included",
                    link.host
                ),
                fix: format!("use {encrypted}"),
            })
        })
        .collect()
}

/// A store on this machine, or inside this process, goes away with it (CONF-7).
pub(super) fn check_locality(facts: &Facts) -> Vec<Violation> {
    if facts.flag("allow_embedded") {
        return Vec::new();
    }
    let links = facts.iter().filter(|(key, setting)| is_link(key, setting));
    links
        .filter_map(|(key, setting)| {
            let link = parse(setting)?;
            let why = if EMBEDDED.iter().any(|engine| engine.eq_ignore_ascii_case(link.scheme)) {
                format!("{} keeps the data inside this instance, which is replaced at every deployment", link.scheme)
            } else if is_loopback(link.host) {
                format!("{} is this machine, which in production holds no server", link.host)
            } else {
                return None;
            };
            Some(Violation {
                id: "CONF-7",
                key: key.to_owned(),
                origin: setting.origin.clone(),
                why,
                fix: "name the server of this environment, or set allow_embedded: true where one instance is all there is".to_owned(),
            })
        })
        .collect()
}
