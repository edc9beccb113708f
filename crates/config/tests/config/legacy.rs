//! Variables of legacy deployments (CONF-1).

#![expect(clippy::unwrap_used, reason = "tests")]

use schemars::JsonSchema;
use seaworthy_config::{
    ConfigErrors, Conversion, Environment, LegacyVariable, Loaded, Loader, Profile, Schema,
};
use serde::{Deserialize, Serialize};

#[derive(Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Hello {
    /// The address of the listener.
    addr: String,
    /// The URL of the collector.
    collector: String,
    /// The URL of the cache.
    cache: String,
    /// The greeting before the name.
    greeting: String,
}

const VARIABLES: [LegacyVariable; 7] = [
    LegacyVariable::sets("GREETING", "greeting"),
    LegacyVariable::converted("PORT", "addr", Conversion::Port),
    LegacyVariable::converted("COLLECTOR", "collector", Conversion::HttpUrl),
    LegacyVariable::converted("CACHE", "cache", Conversion::RedisUrl),
    LegacyVariable::profile("APP_ENV"),
    LegacyVariable::accepts("OUTBOX", &["true", "1"], "remove it"),
    LegacyVariable::rejected("SMTP_HOST", "set mail.url"),
];

fn load(variables: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
    load_with(variables, |loader| loader)
}

fn load_with(
    variables: &[(&str, &str)],
    change: impl Fn(Loader) -> Loader,
) -> Result<Loaded, ConfigErrors> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("config.yaml"), "{}").unwrap();
    let loader = Loader::new("hello")
        .directory(directory.path())
        .environment(variables.iter().copied().collect::<Environment>());
    let loader = VARIABLES.into_iter().fold(loader, Loader::legacy_variable);
    let loader = change(loader);
    loader.load(&loader.complete(Schema::of::<Hello>()))
}

fn error(variable: (&str, &str)) -> String {
    load(&[variable]).unwrap_err().to_string()
}

#[test]
fn legacy_variables_set_converted_values_conf_1() {
    let loaded = load(&[
        ("GREETING", "Ahoy"),
        ("PORT", "80"),
        ("COLLECTOR", "c:4318"),
    ])
    .unwrap();
    let hello: Hello = loaded.get().unwrap();
    assert_eq!(
        (
            hello.greeting.as_str(),
            hello.addr.as_str(),
            hello.collector.as_str()
        ),
        ("Ahoy", ":80", "http://c:4318")
    );
    let url: Hello = load(&[("COLLECTOR", "https://c")]).unwrap().get().unwrap();
    assert_eq!(url.collector, "https://c");
    for (text, url) in [("c:6379", "redis://c:6379"), ("rediss://c", "rediss://c")] {
        let cached: Hello = load(&[("CACHE", text)]).unwrap().get().unwrap();
        assert_eq!(cached.cache, url);
    }
    assert!(error(("PORT", "http")).contains("env PORT: addr: the value is not a port"));
}

#[test]
fn variable_of_service_overrides_legacy_variable_conf_1() {
    let loaded = load(&[
        ("PORT", "80"),
        ("HELLO__ADDR", ":81"),
        ("APP_ENV", "prod"),
        ("HELLO__PROFILE", "test"),
    ]);
    let loaded = loaded.unwrap();
    assert_eq!(loaded.get::<Hello>().unwrap().addr, ":81");
    assert_eq!(loaded.profile(), Profile::Test);
}

#[test]
fn legacy_variable_sets_profile_conf_1() {
    for (value, profile) in [
        ("dev", Profile::Development),
        ("prod", Profile::Production),
        ("staging", Profile::Staging),
    ] {
        let loaded = load(&[("APP_ENV", value)]).unwrap();
        assert_eq!((loaded.profile(), loaded.is_profile_set()), (profile, true));
    }
    assert!(!load(&[("APP_ENV", "")]).unwrap().is_profile_set());
    assert!(error(("APP_ENV", "live")).contains("env APP_ENV: "));
}

#[test]
fn unsupported_legacy_variable_fails_load_conf_1() {
    assert!(load(&[("OUTBOX", "1"), ("SMTP_HOST", "")]).is_ok());
    for (variable, advice) in [
        (
            ("OUTBOX", "false"),
            "env OUTBOX: the variable is not supported: remove it",
        ),
        (
            ("SMTP_HOST", "a"),
            "env SMTP_HOST: the variable is not supported: set mail.url",
        ),
    ] {
        let error = error(variable);
        assert!(error.contains(advice), "{error}");
    }
}

#[test]
fn shared_environment_has_no_legacy_variables_conf_1() {
    let variables = [("PORT", "80"), ("APP_ENV", "prod"), ("SMTP_HOST", "a")];
    let loaded = load_with(&variables, Loader::without_legacy_variables).unwrap();
    assert_eq!(loaded.get::<Hello>().unwrap().addr, "");
    assert_eq!(loaded.profile(), Profile::Development);
}

#[test]
fn documents_list_effects_of_legacy_variables_conf_6() {
    let schema = Schema::of::<Hello>();
    let schema = VARIABLES.iter().fold(schema, Schema::with_legacy_variable);
    let docs = schema.docs("hello");
    for line in [
        "| `PORT` | Sets `addr`: a port, which becomes an address on all interfaces |",
        "| `APP_ENV` | Sets the profile if `HELLO__PROFILE` does not |",
        "| `OUTBOX` | Only `true` or `1` is accepted: remove it |",
        "| `SMTP_HOST` | Fails the start: set mail.url |",
    ] {
        assert!(docs.contains(line), "{docs}");
    }
    assert!(docs.contains("`HELLO__GREETING`, `GREETING`"), "{docs}");
    assert!(!docs.contains("| `GREETING` |"), "{docs}");
}
