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
    /// Not set in most deployments.
    extra: Option<String>,
}

const VARIABLES: [LegacyVariable; 12] = [
    LegacyVariable::switches("EXTRA_ENABLED", "extra", "extra"),
    LegacyVariable::maps("LISTEN", "addr", &[("true", None), ("false", Some("none"))]),
    LegacyVariable::scheme("DRIVER", "cache", &["redis", "valkey"]),
    LegacyVariable::enables("COLLECTOR_ENABLED", "extra"),
    LegacyVariable::sets("GREETING", "greeting"),
    LegacyVariable::converted("PORT", "addr", Conversion::Port),
    LegacyVariable::converted("COLLECTOR", "collector", Conversion::HttpUrl),
    LegacyVariable::converted("CACHE", "cache", Conversion::RedisUrl),
    LegacyVariable::profile("APP_ENV"),
    LegacyVariable::accepts("OUTBOX", &["true", "1"], "remove it"),
    LegacyVariable::rejected("SMTP_HOST", "set mail.url"),
    LegacyVariable::converted("METRICS_ADDR", "addr", Conversion::Address),
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
    loader.load(&loader.extend_schema(Schema::from_settings::<Hello>()))
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
    for (text, addr) in [(":8080", "0.0.0.0:8080"), ("[::1]:80", "[::1]:80")] {
        let metrics: Hello = load(&[("METRICS_ADDR", text)]).unwrap().get().unwrap();
        assert_eq!(metrics.addr, addr);
    }
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
fn variable_requires_the_key_that_it_enables_conf_1() {
    let with_extra = ("HELLO__EXTRA", "x");
    assert!(load(&[("COLLECTOR_ENABLED", "true"), with_extra]).is_ok());
    assert!(load(&[("COLLECTOR_ENABLED", "false")]).is_ok());
    assert!(error(("COLLECTOR_ENABLED", "true")).contains("env COLLECTOR_ENABLED: set extra too"));
    let both = load(&[("COLLECTOR_ENABLED", "false"), with_extra]).unwrap_err();
    assert!(
        both.to_string()
            .contains("extra is set: remove one of them")
    );
}

#[test]
fn values_of_variable_set_what_they_mean_conf_1() {
    let addr = |variables: &[(&str, &str)]| load(variables).unwrap().get::<Hello>().unwrap().addr;
    assert_eq!(addr(&[("LISTEN", "false")]), "none");
    assert_eq!(addr(&[("LISTEN", "true"), ("HELLO__ADDR", ":81")]), ":81");
    let problem = error(("LISTEN", "maybe"));
    assert!(
        problem.contains("env LISTEN: addr: the value is not one of true, false"),
        "{problem}"
    );
}

#[test]
fn switch_removes_what_it_turns_off_conf_1() {
    let extra = |variables: &[(&str, &str)]| {
        let loaded = load(variables).map(|loaded| loaded.get::<Hello>().unwrap().extra);
        loaded.map_err(|errors| errors.to_string())
    };
    let set = ("HELLO__EXTRA", "x");
    assert_eq!(extra(&[("EXTRA_ENABLED", "false"), set]), Ok(None));
    assert_eq!(
        extra(&[("EXTRA_ENABLED", "true"), set]),
        Ok(Some("x".to_owned()))
    );
    let error = extra(&[("EXTRA_ENABLED", "true")]).unwrap_err();
    assert!(
        error.contains("env EXTRA_ENABLED: set extra too"),
        "{error}"
    );
}

#[test]
fn driver_is_the_scheme_of_the_url_conf_1() {
    let cache = ("HELLO__CACHE", "redis://c");
    assert!(load(&[("DRIVER", "redis"), cache]).is_ok());
    let other = load(&[("DRIVER", "valkey"), cache])
        .unwrap_err()
        .to_string();
    assert!(
        other.contains("env DRIVER: cache must be a URL with the scheme valkey"),
        "{other}"
    );
    let unknown = load(&[("DRIVER", "memory"), cache])
        .unwrap_err()
        .to_string();
    assert!(unknown.contains("is not one of redis, valkey"), "{unknown}");
    let no_url = error(("DRIVER", "redis"));
    assert!(no_url.contains("cache must be a URL"), "{no_url}");
}

#[test]
fn shared_environment_has_no_legacy_variables_conf_1() {
    let variables = [("PORT", "80"), ("APP_ENV", "prod"), ("SMTP_HOST", "a")];
    let loaded = load_with(&variables, Loader::without_legacy_variables).unwrap();
    assert_eq!(loaded.get::<Hello>().unwrap().addr, "");
    assert_eq!(loaded.profile(), Profile::Development);
}

#[test]
fn shared_variables_set_keys_of_a_section_conf_1() {
    #[derive(Default, Clone, Serialize, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Visit {
        /// The words of the visitor.
        hello: Hello,
    }

    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("config.yaml"), "{}").unwrap();
    let loader = Loader::new("visit")
        .directory(directory.path())
        .environment([("GREETING", "Ahoy")].into_iter().collect::<Environment>());
    let variables = VARIABLES.into_iter().map(|shared| shared.within("hello"));
    let loader = variables.fold(loader, Loader::legacy_variable);
    let schema = loader.extend_schema(Schema::from_settings::<Visit>());
    let visit: Visit = loader.load(&schema).unwrap().get().unwrap();
    assert_eq!(visit.hello.greeting, "Ahoy");
}

#[test]
fn documents_list_effects_of_legacy_variables_conf_6() {
    let schema = Schema::from_settings::<Hello>();
    let schema = VARIABLES.iter().fold(schema, Schema::with_legacy_variable);
    let docs = schema.docs("hello");
    for line in [
        "| `PORT` | Sets `addr`: a port, which becomes an address on all interfaces |",
        "| `APP_ENV` | Sets the profile if `HELLO__PROFILE` does not |",
        "| `OUTBOX` | Only `true` or `1` is accepted: remove it |",
        "| `SMTP_HOST` | Startup fails: set mail.url |",
    ] {
        assert!(docs.contains(line), "{docs}");
    }
    assert!(docs.contains("`HELLO__GREETING`, `GREETING`"), "{docs}");
    assert!(!docs.contains("| `GREETING` |"), "{docs}");
}
