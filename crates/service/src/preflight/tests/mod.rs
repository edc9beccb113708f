//! Rules on facts that a test writes. `framework` checks that they find the settings of real types.

mod browser_address;
mod framework;
mod links;
mod secrets;

use schemars::JsonSchema;
use seaworthy_config::{Environment, Loader, Mark, Marks, Schema};
use seaworthy_core::ByteSize;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;
use crate::settings;

fn setting(value: impl Into<Value>) -> Setting {
    Setting {
        value: value.into(),
        origin: "config.yaml:3:5".into(),
        is_default: false,
        is_inline_secret: false,
        marks: Marks::default(),
    }
}

fn marked(value: impl Into<Value>, mark: Mark) -> Setting {
    Setting {
        marks: Marks::from_iter([mark]),
        ..setting(value)
    }
}

/// Returns facts in which the settings with the name of a URL are links.
fn facts(settings: Value) -> Facts {
    let mut facts = Facts::default();
    for (key, value) in settings.as_object().unwrap() {
        let setting = match key.ends_with("url") {
            true => marked(value.clone(), Mark::Link),
            false => setting(value.clone()),
        };
        facts.insert(key, setting);
    }
    facts
}

#[test]
fn lists_explicit_allowances_conf_3() {
    let mut facts = Facts::default();
    facts.insert(
        "flags.allowed_switches",
        marked(json!(["rate_limit"]), Mark::Allowance),
    );
    facts.insert("other.allowed_switches", marked(json!([]), Mark::Allowance));
    let found = allowances(&facts);
    assert_eq!(ids(&facts), []);
    assert_eq!(
        allowed(&found),
        "allowed: flags.allowed_switches = [\"rate_limit\"]  (config.yaml:3:5)\n"
    );
}

fn ids(facts: &Facts) -> Vec<(String, String)> {
    check(facts)
        .into_iter()
        .map(|violation| (violation.id.into_owned(), violation.key))
        .collect()
}

fn one(id: &str, key: &str) -> [(String, String); 1] {
    [(id.to_owned(), key.to_owned())]
}

#[track_caller]
fn refused(id: &str, key: &str, settings: Value) {
    assert_eq!(ids(&facts(settings)), one(id, key));
}

#[track_caller]
fn accepted(settings: Value) {
    assert_eq!(ids(&facts(settings)), []);
}

#[test]
fn rejects_cors_lists_by_mark_in_any_section_sec_2() {
    let list = |origins: Value, enabled: bool| {
        let mut facts = facts(json!({ "page.enabled": enabled }));
        facts.insert("page.origins", marked(origins, Mark::CorsOrigins));
        ids(&facts)
    };
    let refused = one("SEC-2", "page.origins");
    assert_eq!(list(json!(["*"]), true), refused);
    assert_eq!(list(json!(["*"]), false), refused);
    assert_eq!(list(json!([]), true), refused);
    assert_eq!(list(json!([]), false), []);
    assert_eq!(list(json!(["https://app.example.org"]), true), []);
    // A service that enables CORS by default is closed without an origin.
    let mut by_default = Facts::default();
    let enabled = Setting {
        is_default: true,
        ..setting(true)
    };
    by_default.insert("page.enabled", enabled);
    by_default.insert("page.origins", marked(json!([]), Mark::CorsOrigins));
    assert_eq!(ids(&by_default), []);
}

#[test]
fn rejects_proxy_ranges_that_contain_clients_sec_6() {
    let list = |ranges: Value| {
        let mut facts = Facts::default();
        facts.insert("orders.proxies", marked(ranges, Mark::TrustedProxies));
        ids(&facts)
    };
    for range in [
        "0.0.0.0/0",
        "128.0.0.0/1",
        // Four ranges of this size contain every address.
        "64.0.0.0/2",
        "::/0",
        // Every client of the IPv6 Internet has such an address.
        "2000::/3",
        "fc00::/6",
    ] {
        let found = list(json!(["10.0.0.0/8", range]));
        assert_eq!(found, one("SEC-6", "orders.proxies"), "{range}");
    }
    for range in [
        "10.0.0.0/8",
        "192.0.2.1",
        "fc00::/7",
        "fe80::/10",
        "2001:db8::/32",
    ] {
        assert_eq!(list(json!([range])), [], "{range}");
    }
    assert_eq!(list(json!([])), []);
}

#[test]
fn rejects_listener_without_tls_or_proxy_sec_1() {
    let addr = json!("0.0.0.0:8000");
    refused(
        "SEC-1",
        "server.http.tls",
        json!({ "server.http.addr": addr, "server.http.tls": null }),
    );
    accepted(json!({ "server.http.addr": addr, "behind_tls_proxy": true }));
    accepted(
        json!({ "server.http.addr": addr, "server.http.tls.certificate": "/run/tls/tls.crt" }),
    );
}

#[test]
fn rejects_public_admin_listener_without_strong_token_auth_5() {
    for address in ["0.0.0.0:9900", "[::]:9900", "10.0.0.7:9900"] {
        refused("AUTH-5", "admin.addr", json!({ "admin.addr": address }));
    }
    for address in ["127.0.0.1:9900", "[::1]:9900", "[::ffff:127.0.0.1]:9900"] {
        accepted(json!({ "admin.addr": address }));
    }
    let is_refused = |token: &str| {
        let mut facts = facts(json!({ "admin.addr": "0.0.0.0:9900" }));
        facts.insert_secret("admin.token", token, Marks::default());
        let found = check(&facts);
        found.iter().any(|violation| violation.id == "AUTH-5")
    };
    for token in [
        "",
        "a",
        "   ",
        "changeme",
        "0123456789",
        "twenty-one-characters",
    ] {
        assert!(is_refused(token), "{token:?}");
    }
    assert!(!is_refused("8h2kD9s0fj2kLm3nQ5rT7vX9zB1cE4gH"));
}

#[test]
fn rejects_body_budget_over_third_of_memory_limit_sec_3() {
    let check_with = |budget: &str, memory: Option<u32>| {
        let mut facts = facts(json!({ "server.max_body_memory": budget }));
        facts.set_memory_limit(memory.map(ByteSize::mebibytes));
        ids(&facts)
    };
    assert_eq!(check_with("64MiB", Some(256)), []);
    assert_eq!(check_with("85MiB", Some(256)), []);
    assert_eq!(check_with("10GiB", None), []);
    let refused = one("SEC-3", "server.max_body_memory");
    assert_eq!(check_with("86MiB", Some(256)), refused);
}

#[test]
fn setting_in_the_section_allows_unsafe_value_conf_3() {
    #[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Files {
        /// Allows the missing address.
        allow_unscanned: bool,
        /// The address of the scanner.
        #[schemars(extend("x-unsafe" = [{
            "id": "FILE-1", "value": null, "unless": "allow_unscanned", "why": "w", "fix": "f"
        }]))]
        address: Option<String>,
    }

    #[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Root {
        /// The section.
        files: Files,
        /// The allowance of another section.
        allow_unscanned: bool,
    }

    let found = |overrides: &[&str]| {
        let loaded = Loader::new("orders")
            .environment(Environment::default())
            .overrides(overrides.iter().copied())
            .load(&Schema::from_settings::<Root>())
            .unwrap();
        let violations = settings::violations(&loaded).into_iter();
        violations
            .map(|violation| (violation.id.into_owned(), violation.key))
            .collect::<Vec<_>>()
    };
    let refused = one("FILE-1", "files.address");
    assert_eq!(found(&[]), refused);
    assert_eq!(found(&["allow_unscanned=true"]), refused);
    assert_eq!(found(&["files.allow_unscanned=true"]), []);
    assert_eq!(found(&["files.address=clamd:3310"]), []);
}

#[test]
fn rejects_mail_in_memory_conf_7() {
    for allow_embedded in [true, false] {
        let settings = json!({ "mail.server": "mailbox:", "allow_embedded": allow_embedded });
        refused("CONF-7", "mail.server", settings);
    }
    accepted(json!({ "mail.server": "smtp://mail.example.org" }));
}

#[test]
fn report_names_key_reason_and_fix_in_both_formats_conf_3() {
    let found = check(&facts(json!({ "admin.addr": "0.0.0.0:9900" })));
    let text = text(&found);
    for part in ["AUTH-5", "admin.addr", "config.yaml:3:5", "why:", "fix:"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(json(&found)["violations"][0]["id"], "AUTH-5");
}
