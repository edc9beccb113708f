//! Variables of legacy deployments that form URLs, or are converted or ignored (CONF-1).

#![expect(clippy::unwrap_used, reason = "tests")]

use schemars::JsonSchema;
use seaworthy_config::{
    ConfigErrors, Conversion, Environment, LegacyVariable, Loaded, Loader, Schema, UrlChange,
};
use serde::{Deserialize, Serialize};

#[derive(Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Hello {
    /// The URL of the mail server.
    collector: String,
    /// The URL of the broker.
    cache: String,
    /// The greeting before the name.
    greeting: String,
    /// Not set in most deployments.
    extra: Option<String>,
    /// The servers of the broker.
    servers: Vec<String>,
    /// Further brokers.
    copies: Vec<Replica>,
    /// The region of the bucket.
    region: String,
}

#[derive(Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Replica {
    /// The URL.
    url: String,
}

const TLS: &[(&str, UrlChange)] = &[(
    "true",
    UrlChange::Scheme {
        from: "kafka",
        to: "kafkas",
    },
)];

const VARIABLES: [LegacyVariable; 14] = [
    LegacyVariable::mail_host("MAIL_HOST", "collector", "MAIL_PORT", "MAIL_USER"),
    LegacyVariable::part_of("MAIL_PORT", "MAIL_HOST"),
    LegacyVariable::part_of("MAIL_USER", "MAIL_HOST"),
    LegacyVariable::converted("BROKERS", "cache", Conversion::FirstHost("kafka")),
    LegacyVariable::sets("BROKERS", "missing").optional(),
    LegacyVariable::converted("BROKERS", "servers", Conversion::HostList),
    LegacyVariable::changes_url("BROKER_TLS", "cache", TLS),
    LegacyVariable::changes_urls("BROKER_TLS", "copies", "url", TLS),
    LegacyVariable::converted("TTL_MS", "greeting", Conversion::Milliseconds),
    LegacyVariable::converted("TTL_MINUTES", "greeting", Conversion::Minutes),
    LegacyVariable::converted("BUCKET", "greeting", Conversion::UrlOf("s3"))
        .unless_file_sets("greeting"),
    LegacyVariable::sets("REGION", "region")
        .together_with("BUCKET")
        .unless_file_sets("greeting"),
    LegacyVariable::converted("KEY", "extra", Conversion::Constant("true")),
    LegacyVariable::ignored("LIMIT_*", "set limits"),
];

fn load(variables: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
    load_with("{}", variables)
}

fn load_with(file: &str, variables: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("config.yaml"), file).unwrap();
    let loader = Loader::new("hello")
        .directory(directory.path())
        .environment(variables.iter().copied().collect::<Environment>());
    let loader = VARIABLES.into_iter().fold(loader, Loader::legacy_variable);
    loader.load(&loader.extend_schema(Schema::from_settings::<Hello>()))
}

#[test]
fn host_port_and_user_set_one_mail_url_conf_1() {
    for (variables, url) in [
        (vec![("MAIL_HOST", "mx")], "smtp://mx"),
        (
            vec![("MAIL_HOST", "mx"), ("MAIL_PORT", "587")],
            "smtp://mx:587",
        ),
        (
            vec![("MAIL_HOST", "mx"), ("MAIL_PORT", "465")],
            "smtps://mx:465",
        ),
        (
            vec![("MAIL_HOST", "mx"), ("MAIL_USER", "a@b.org")],
            "smtp://a%40b.org@mx",
        ),
        (
            vec![("MAIL_HOST", "smtps://mx"), ("MAIL_PORT", "")],
            "smtps://mx",
        ),
    ] {
        let hello: Hello = load(&variables).unwrap().get().unwrap();
        assert_eq!(hello.collector, url);
    }
    for (variables, advice) in [
        (
            vec![("MAIL_PORT", "587")],
            "env MAIL_PORT: set MAIL_HOST too, or remove it",
        ),
        (
            vec![("MAIL_PORT", "587"), ("MAIL_HOST", "smtp://mx")],
            "env MAIL_PORT: MAIL_HOST is a whole URL: move the value into it, or remove it",
        ),
    ] {
        let error = load(&variables).unwrap_err().to_string();
        assert!(error.contains(advice), "{error}");
    }
}

fn ignored(loaded: &Loaded) -> Vec<(&str, &str)> {
    let ignored = loaded.ignored_variables().iter();
    ignored.map(|one| (&*one.name, &*one.advice)).collect()
}

#[test]
fn empty_variables_with_a_conversion_have_no_effect_conf_1() {
    let names = [
        "BROKERS",
        "TTL_MS",
        "TTL_MINUTES",
        "BUCKET",
        "KEY",
        "REGION",
    ];
    let mut variables = names.map(|name| (name, "")).to_vec();
    variables.push(("MAIL_HOST", ""));
    let loaded = load_with("{ greeting: a, region: b, cache: c }", &variables).unwrap();
    let hello: Hello = loaded.get().unwrap();
    assert_eq!(
        (&*hello.greeting, &*hello.region, &*hello.cache),
        ("a", "b", "c")
    );
    assert_eq!(hello.extra, None);
    assert_eq!(ignored(&loaded), []);
}

#[test]
fn list_of_hosts_has_no_schemes_conf_1() {
    for (brokers, first) in [
        ("a:1, b:2", "kafka://a:1"),
        ("kafka://a:1,b:2", "kafka://a:1"),
        ("kafkas://user@a:1/,kafkas://b:2", "kafkas://user@a:1/"),
    ] {
        let hello: Hello = load(&[("BROKERS", brokers)]).unwrap().get().unwrap();
        assert_eq!(hello.cache, first, "{brokers}");
        assert_eq!(hello.servers, ["a:1", "b:2"], "{brokers}");
    }
}

#[test]
fn files_take_precedence_over_constants_conf_1() {
    let extra = |file: &str| {
        let loaded = load_with(file, &[("KEY", "1")]).unwrap();
        let ignored = ignored(&loaded).len();
        (loaded.get::<Hello>().unwrap().extra, ignored)
    };
    assert_eq!(extra("{}"), (Some("true".to_owned()), 0));
    assert_eq!(extra("extra:"), (Some("true".to_owned()), 0));
    assert_eq!(extra("extra: 'false'"), (Some("false".to_owned()), 1));
}

#[test]
fn variables_yield_to_the_url_of_a_file_conf_1() {
    let variables = [("BUCKET", "media"), ("REGION", "eu")];
    let loaded = load(&variables).unwrap();
    let hello: Hello = loaded.get().unwrap();
    assert_eq!((&*hello.greeting, &*hello.region), ("s3://media", "eu"));
    assert_eq!(ignored(&loaded), []);
    let loaded = load_with("greeting: file:/a", &variables).unwrap();
    let hello: Hello = loaded.get().unwrap();
    assert_eq!((&*hello.greeting, &*hello.region), ("file:/a", ""));
    let advice = "a settings file sets greeting: remove one of them";
    assert_eq!(ignored(&loaded), [("BUCKET", advice), ("REGION", advice)]);
    let loaded = load(&[("REGION", "eu"), ("BUCKET", "")]).unwrap();
    assert_eq!(loaded.get::<Hello>().unwrap().region, "");
    let advice = "set BUCKET too, or remove it";
    assert_eq!(ignored(&loaded), [("REGION", advice)]);
}

#[test]
fn variable_changes_the_url_of_each_item_conf_1() {
    let file = "copies: [{ url: 'kafka://a' }, { url: 'redis://b' }]";
    let loaded = load_with(file, &[("BROKER_TLS", "true")]).unwrap();
    let hello: Hello = loaded.get().unwrap();
    let urls: Vec<_> = hello.copies.iter().map(|copy| &*copy.url).collect();
    assert_eq!(urls, ["kafkas://a", "redis://b"]);
}

#[test]
fn variable_changes_the_url_of_any_layer_conf_1() {
    let cache = |variables: &[(&str, &str)]| {
        let loaded = load(variables).map(|loaded| loaded.get::<Hello>().unwrap().cache);
        loaded.map_err(|errors| errors.to_string())
    };
    let tls = ("BROKER_TLS", "true");
    let url = Ok("kafkas://a:9092".to_owned());
    assert_eq!(cache(&[("BROKERS", "a:9092, b:9092"), tls]), url);
    assert_eq!(cache(&[("HELLO__CACHE", "kafka://a:9092"), tls]), url);
    let other = cache(&[("HELLO__CACHE", "redis://c:1"), tls]);
    assert_eq!(other, Ok("redis://c:1".to_owned()));
    assert_eq!(cache(&[tls]), Ok(String::new()));
    let error = cache(&[("BROKER_TLS", "maybe")]).unwrap_err();
    assert!(
        error.contains("env BROKER_TLS: the value is not one of true"),
        "{error}"
    );
}

#[test]
fn numbers_and_names_become_settings_conf_1() {
    for (variable, text) in [
        (("TTL_MS", "30000"), "30000ms"),
        (("TTL_MINUTES", "30"), "30m"),
        (("BUCKET", "media"), "s3://media"),
    ] {
        let hello: Hello = load(&[variable]).unwrap().get().unwrap();
        assert_eq!(hello.greeting, text);
    }
    assert!(load(&[("TTL_MS", "30s")]).is_err());
    for (key, extra) in [("x", Some("true")), ("", None)] {
        let hello: Hello = load(&[("KEY", key)]).unwrap().get().unwrap();
        assert_eq!(hello.extra.as_deref(), extra);
    }
}

#[test]
fn ignored_variables_are_reported_if_they_are_set_conf_1() {
    let variables = [("LIMIT_A", "1"), ("LIMIT_B", ""), ("LIMITS", "1")];
    let loaded = load(&variables).unwrap();
    assert_eq!(ignored(&loaded), [("LIMIT_A", "set limits")]);
}

#[test]
fn docs_list_effects_of_legacy_variables_conf_6() {
    let schema = Schema::from_settings::<Hello>();
    let schema = VARIABLES.iter().fold(schema, Schema::with_legacy_variable);
    let docs = schema.docs("hello");
    for line in [
        "| `MAIL_HOST` | Sets `collector`, together with `MAIL_PORT` and `MAIL_USER` |",
        "| `MAIL_PORT` | Is read together with `MAIL_HOST` |",
        "| `BROKER_TLS` | Changes the URL of `cache`: `true` |",
        "| `BROKER_TLS` | Changes each `url` of `copies`: `true` |",
        "| `REGION` | Sets `region`, together with `BUCKET`, unless a file sets `greeting` |",
        "| `LIMIT_*` | Ignored with a warning: set limits |",
    ] {
        assert!(docs.contains(line), "{docs}");
    }
}
