//! Marks that settings types declare in their schemas (CONF-3).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use seaworthy_config::{Mark, Schema};
use seaworthy_core::{ByteSize, Secret, Timeout};
use serde::{Deserialize, Serialize};

use crate::settings::{directory, loader};

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Site {
    /// One address.
    #[schemars(extend("x-browser-address" = true))]
    origin: Option<String>,
    /// Some addresses.
    #[schemars(extend("x-browser-address" = true))]
    origins: Vec<String>,
    /// A text.
    name: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Sites {
    /// Sites by name.
    sites: BTreeMap<String, Site>,
}

#[test]
fn values_show_marks_of_browser_addresses_sec_2() {
    let text = "sites: { one: { origin: \"https://a.example\", origins: [\"https://b.example\", \"https://c.example\"], name: x } }";
    let directory = directory(&[("config.yaml", text)]);
    let loaded = loader(&directory)
        .load(&Schema::from_settings::<Sites>())
        .unwrap();
    let values = loaded.values().into_iter();
    let marked: Vec<_> = values
        .filter(|value| value.marks.has(Mark::BrowserAddress))
        .map(|value| value.key)
        .collect();
    assert_eq!(
        marked,
        [
            "sites.one.origin",
            "sites.one.origins[0]",
            "sites.one.origins[1]"
        ]
    );
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Store {
    /// Some stores.
    #[schemars(extend("x-link" = true))]
    stores: Vec<String>,
    /// A text.
    name: String,
    /// The key that signs cookies.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    keys: Vec<Secret<String>>,
    /// A password.
    #[serde(skip_serializing)]
    password: Option<Secret<String>>,
}

#[test]
fn links_and_signing_keys_are_known_by_schema_conf_3() {
    let text = "stores: [redis://a.internal]\nname: x\nkeys: [one]\npassword: two";
    let directory = directory(&[("config.yaml", text)]);
    let loaded = loader(&directory)
        .load(&Schema::from_settings::<Store>())
        .unwrap();
    let values = loaded.values().into_iter();
    let links: Vec<_> = values
        .filter(|value| value.marks.has(Mark::Link))
        .map(|value| value.key)
        .collect();
    assert_eq!(links, ["stores[0]"]);
    let mut secrets = Vec::new();
    loaded.for_each_secret(|key, _, marks| {
        secrets.push((key.to_owned(), marks.has(Mark::SigningKey)));
    });
    assert_eq!(
        secrets,
        [("keys[0]".to_owned(), true), ("password".to_owned(), false)]
    );
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(extend("x-unsafe" = [{ "id": "RES-6", "value": "open", "why": "w", "fix": "f" }]))]
enum OnFailure {
    /// Rejects.
    #[default]
    Closed,
    /// Admits.
    Open,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Guards {
    /// Declared by the type.
    policy: OnFailure,
    /// The same, optional.
    optional: Option<OnFailure>,
    /// The same, by name.
    named: BTreeMap<String, OnFailure>,
    /// Declared by the field.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-3", "above": "10m" }]))]
    timeout: Option<Timeout>,
    /// Declared by the field.
    #[schemars(extend("x-unsafe" = [{ "id": "SEC-3", "above": "1MiB" }]))]
    size: Option<ByteSize>,
    /// Declared by the field.
    #[schemars(extend("x-unsafe" = [
        { "id": "RES-7", "above": 10 },
        { "id": "RES-7", "below": 2 }
    ]))]
    count: Option<u32>,
    /// Declared by the field.
    #[schemars(extend("x-unsafe" = [{ "id": "SEC-3", "below": "1MiB" }]))]
    memory: Option<ByteSize>,
    /// Declared by the field.
    #[schemars(extend("x-unsafe" = [{
        "id": "FILE-1", "value": null, "unless": "allow_unscanned"
    }]))]
    scanner: Option<String>,
    /// Declared by the field.
    #[schemars(extend("x-unsafe" = [{ "id": "SEC-1", "remote": true }]))]
    address: Option<String>,
}

#[test]
fn types_declare_their_unsafe_values_conf_3() {
    let found = |text: &str| {
        let directory = directory(&[("config.yaml", text)]);
        let loaded = loader(&directory)
            .load(&Schema::from_settings::<Guards>())
            .unwrap();
        let unsafe_keys = loaded.values().into_iter().filter(|shown| {
            let mut declared = shown.marks.unsafe_values().iter();
            declared.any(|unsafe_value| unsafe_value.matches(&shown.value))
        });
        unsafe_keys.map(|shown| shown.key).collect::<Vec<_>>()
    };
    assert_eq!(
        found(
            "policy: open\noptional: open\nnamed: { a: open, b: closed }\ntimeout: 601s\nsize: 1025KiB\ncount: 11\nmemory: 1023KiB\nscanner: x"
        ),
        [
            "count", "memory", "named.a", "optional", "policy", "size", "timeout"
        ]
    );
    assert_eq!(found("count: 1\nscanner: x"), ["count"]);
    for count in [2, 10] {
        let safe = format!(
            "policy: closed\noptional: closed\ntimeout: 600s\nsize: 1024KiB\ncount: {count}\nmemory: 1024KiB\nscanner: x"
        );
        assert_eq!(found(&safe), [""; 0]);
    }
    for address in ["clamd:3310", "10.0.0.7:3310", "[2001:db8::1]:3310"] {
        let remote = format!("scanner: x\naddress: \"{address}\"");
        assert_eq!(found(&remote), ["address"], "{address}");
    }
    for address in [
        "localhost:3310",
        "127.0.0.1:3310",
        "[::1]:3310",
        "unix:/run/clamd.sock",
    ] {
        let local = format!("scanner: x\naddress: \"{address}\"");
        assert_eq!(found(&local), [""; 0], "{address}");
    }
    // Only `null` declares that a setting which is not set is unsafe.
    assert_eq!(found("{}"), ["scanner"]);
}

#[test]
fn unsafe_value_names_its_allowance_and_correction_conf_3() {
    let directory = directory(&[("config.yaml", "count: 1")]);
    let loaded = loader(&directory)
        .load(&Schema::from_settings::<Guards>())
        .unwrap();
    let values = loaded.values();
    let shown = |key: &str| values.iter().find(|shown| shown.key == key).unwrap();
    let count = shown("count");
    let [above, below] = count.marks.unsafe_values() else {
        panic!("{count:?}");
    };
    assert!(!above.matches(&count.value) && below.matches(&count.value));
    assert_eq!(
        below.reason(&count.value),
        "1 is too small to protect the service"
    );
    assert_eq!(below.fix(), "set it to at least 2");
    assert_eq!(below.unless(), None);
    let scanner = &shown("scanner").marks.unsafe_values()[0];
    assert_eq!(scanner.unless(), Some("allow_unscanned"));
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Misspelt {
    /// A key.
    #[schemars(extend("x-singing-key" = true))]
    key: String,
}

#[test]
fn unknown_mark_is_an_error_of_every_load_conf_3() {
    let directory = directory(&[("config.yaml", "key: one")]);
    let error = loader(&directory)
        .load(&Schema::from_settings::<Misspelt>())
        .unwrap_err();
    assert!(error.to_string().contains("x-singing-key"), "{error}");
}
