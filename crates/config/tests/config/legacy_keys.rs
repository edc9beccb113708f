//! Keys of legacy configuration files (CONF-1).

#![expect(clippy::unwrap_used, reason = "tests")]

use schemars::JsonSchema;
use seaworthy_config::{ConfigErrors, Conversion, Environment, LegacyKey, Loaded, Loader, Schema};
use serde::{Deserialize, Serialize};

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Store {
    /// The URL.
    url: String,
    /// The URL of a copy.
    copy: String,
    /// The allowed origins.
    origins: Vec<String>,
    /// The number of connections.
    connections: u32,
    /// How long a response is kept.
    max_age: String,
}

#[derive(Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Modern {
    /// The store.
    store: Option<Store>,
}

const KEYS: [LegacyKey; 12] = [
    LegacyKey::switches("store_enabled", "store.url", "store"),
    LegacyKey::profiles("environments"),
    LegacyKey::scheme("data.driver", "store.url", &["postgres", "sqlite"]),
    LegacyKey::maps(
        "security.pool",
        "store.connections",
        &[("true", None), ("false", Some("0"))],
    ),
    LegacyKey::enables("security.enabled", "store.url"),
    LegacyKey::sets("data.source", "store.copy"),
    LegacyKey::sets("data.source", "store.url"),
    LegacyKey::sets("security.cors.origins", "store.origins"),
    LegacyKey::sets("store.max_open", "store.connections"),
    LegacyKey::converted("security.cors.age", "store.max_age", Conversion::Seconds),
    LegacyKey::accepts("log.output", &["stdout"], "logs go to stdout: remove it"),
    LegacyKey::rejected("log.file", "remove it"),
];

fn load_file(text: &str) -> Result<Loaded, ConfigErrors> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("config.yaml"), text).unwrap();
    let loader = Loader::new("hello")
        .directory(directory.path())
        .environment(Environment::from([("ORIGINS", "https://a, https://b")]));
    let loader = KEYS.into_iter().fold(loader, Loader::legacy_key);
    loader.load(&loader.extend_schema(Schema::from_settings::<Modern>()))
}

#[test]
fn keys_of_legacy_files_set_their_replacements_conf_1() {
    let text = "
data: { source: 'postgres://db' }
security: { enabled: true, cors: { origins: '${ORIGINS}', age: 60 } }
store: { max_open: 7 }
log: { output: stdout, file: }
";
    let loaded = load_file(text).unwrap();
    let store = Store {
        url: "postgres://db".to_owned(),
        copy: "postgres://db".to_owned(),
        origins: vec!["https://a".to_owned(), "https://b".to_owned()],
        connections: 7,
        max_age: "60s".to_owned(),
    };
    assert_eq!(loaded.get::<Modern>().unwrap().store, Some(store));
    let origin = loaded.origin("store.connections").unwrap().to_string();
    assert!(origin.contains("config.yaml:4"), "{origin}");
}

#[test]
fn keys_of_the_profile_override_those_of_the_file_conf_1() {
    let text = "
store: { url: 'sqlite:a', connections: 7 }
data: { driver: sqlite }
environments:
  production: { data: { source: 'sqlite:b' } }
  development: { security: { pool: false }, store: { max_age: 1s } }
";
    let store = load_file(text).unwrap().get::<Modern>().unwrap().store;
    let store = store.unwrap();
    assert_eq!(
        (
            store.url.as_str(),
            store.connections,
            store.max_age.as_str()
        ),
        ("sqlite:a", 0, "1s")
    );
}

#[test]
fn variables_with_the_legacy_prefix_set_keys_of_files_conf_1() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("config.yaml"), "{}").unwrap();
    let load = |variables: &[(&str, &str)]| {
        let loader = Loader::new("hello")
            .directory(directory.path())
            .environment(variables.iter().copied().collect::<Environment>())
            .legacy_prefix("APP_");
        let loader = KEYS.into_iter().fold(loader, Loader::legacy_key);
        loader.load(&loader.extend_schema(Schema::from_settings::<Modern>()))
    };
    let variables = [
        ("APP_DATA_SOURCE", "postgres://db"),
        ("APP_DATA_DRIVER", "postgres"),
        ("APP_STORE_CONNECTIONS", "7"),
        ("APP_STORE_MAX_AGE", "1s"),
        ("HELLO__STORE__MAX_AGE", "2s"),
        ("OTHER_STORE_URL", "b"),
    ];
    let store = load(&variables).unwrap().get::<Modern>().unwrap().store;
    let store = store.unwrap();
    assert_eq!(
        (store.url.as_str(), store.copy.as_str(), store.connections),
        ("postgres://db", "postgres://db", 7)
    );
    assert_eq!(store.max_age, "2s", "the variable of the service wins");
    for (variable, problem) in [
        (("APP_STORE_URLS", "a"), "env APP_STORE_URLS: unknown key"),
        (
            ("APP_LOG_OUTPUT", "file"),
            "env APP_LOG_OUTPUT: the variable is not supported: logs go to stdout",
        ),
        (
            ("APP_DATA_DRIVER", "sqlite"),
            "env APP_DATA_DRIVER: store.url must be a URL with the scheme sqlite",
        ),
    ] {
        let error = load(&[variable]).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn keys_of_legacy_files_are_never_ignored_conf_1() {
    for (text, problem) in [
        (
            "environments: { live: { store: { url: a } } }",
            "environments.live: unknown profile",
        ),
        (
            "environments: [production]",
            "environments: must be a mapping",
        ),
        (
            "data: { driver: sqlite, source: 'postgres://db' }",
            "data.driver: store.url must be a URL with the scheme sqlite",
        ),
        (
            "security: { pool: 3 }",
            "security.pool: the value is not one of true, false",
        ),
        (
            "log: { output: file }",
            "log.output: the key is not supported: logs go to stdout",
        ),
        (
            "log: { output: [stdout] }",
            "log.output: the key is not supported",
        ),
        (
            "log: { file: a.log }",
            "log.file: the key is not supported: remove it",
        ),
        ("log: { level: info }", "log: unknown key"),
        ("data: { source: a, other: 1 }", "data: unknown key"),
        (
            "security: { cors: { age: soon } }",
            "security.cors.age: the value is not a number",
        ),
        (
            "data: { source: a }\nstore: { url: b }",
            "data.source: store.url sets the same setting: remove one of them",
        ),
        ("store: { max_open: many }", "store.connections: "),
        (
            "security: { enabled: true }",
            "security.enabled: set store.url too",
        ),
        (
            "security: { enabled: 1 }",
            "security.enabled: the value is neither true nor false",
        ),
        (
            "data: { source: a }\nsecurity: { enabled: false }",
            "security.enabled: store.url is set: remove one of them",
        ),
    ] {
        let error = load_file(text).unwrap_err().to_string();
        assert!(error.contains(problem), "{text}: {error}");
    }
}

#[test]
fn documents_list_keys_of_legacy_files_conf_6() {
    let schema = KEYS
        .iter()
        .fold(Schema::from_settings::<Modern>(), Schema::with_legacy_key);
    let docs = schema.docs("hello");
    for line in [
        "| `data.source` | Sets `store.url` |",
        "| `security.enabled` | `true` requires `store.url`, and `false` requires that it is not set |",
        "| `security.cors.age` | Sets `store.max_age`: a number of seconds |",
        "| `log.output` | Only `stdout` is accepted: logs go to stdout: remove it |",
        "| `log.file` | Startup fails: remove it |",
    ] {
        assert!(docs.contains(line), "{docs}");
    }
}

#[test]
fn switch_of_a_file_removes_what_it_turns_off_conf_1() {
    let text = "store_enabled: false\nstore: { url: a, connections: many }";
    let store = load_file(text).unwrap().get::<Modern>().unwrap().store;
    assert_eq!(store, None);
}
