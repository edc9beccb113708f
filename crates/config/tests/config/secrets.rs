//! Secrets by reference, which are never printed (CONF-5).

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fs;

use seaworthy_config::{
    Environment, Loader, Profile, Schema, SecretError, SecretFuture, SecretSource, Watcher,
};
use seaworthy_core::Secret;

use crate::settings::{Hello, directory, loader, schema};

const CANARY: &str = "canary-4711-hunter2";

#[test]
fn reads_secrets_of_variables_files_and_placeholders_conf_5() {
    let files = directory(&[("key", &format!("{CANARY}\n"))]);
    let direct = Environment::from([("HELLO__API_KEY", CANARY)]);
    let by_file = format!("api_key: file:{}/key", files.path().display());
    for (text, environment) in [
        ("api_key: env:KEY", Environment::from([("KEY", CANARY)])),
        ("api_key: ${KEY}", Environment::from([("KEY", CANARY)])),
        (by_file.as_str(), Environment::default()),
        ("", direct),
    ] {
        let directory = directory(&[("config.yaml", text)]);
        let loaded = loader(&directory)
            .environment(environment)
            .load(&schema())
            .unwrap();
        let key = loaded.get::<Hello>().unwrap().api_key.unwrap();
        assert_eq!(key.expose(), CANARY, "{text}");
        assert_eq!(loaded.inline_secrets(), [], "{text}");
    }
}

#[test]
fn value_of_a_variable_is_not_a_reference_conf_5() {
    let directory = directory(&[("config.yaml", "api_key: ${KEY}")]);
    let environment = Environment::from([("KEY", "file:/etc/hostname")]);
    let loaded = loader(&directory)
        .environment(environment)
        .load(&schema())
        .unwrap();
    let key = loaded.get::<Hello>().unwrap().api_key.unwrap();
    assert_eq!(key.expose(), "file:/etc/hostname");
}

#[test]
fn empty_text_in_file_is_not_a_secret_conf_5() {
    for text in ["api_key: \"\"", "api_key: \"${KEY:}\""] {
        let directory = directory(&[("config.yaml", text)]);
        let loaded = loader(&directory).load(&schema()).unwrap();
        assert!(loaded.get::<Hello>().unwrap().api_key.is_none(), "{text}");
    }
}

#[test]
fn records_inline_secrets_with_origin_conf_3() {
    for text in [
        format!("api_key: {CANARY}"),
        format!("api_key: ${{UNSET:{CANARY}}}"),
    ] {
        let directory = directory(&[("config.yaml", &text)]);
        let loaded = loader(&directory)
            .profile(Profile::Production)
            .load(&schema())
            .unwrap();
        let inline = loaded.inline_secrets();
        assert_eq!(inline.len(), 1, "{text}");
        assert_eq!(inline[0].key, "api_key");
        assert!(inline[0].origin.to_string().ends_with("config.yaml:1:10"));
    }
}

#[test]
fn reports_unreadable_secrets_with_origin_conf_5() {
    for (reference, problem) in [
        ("env:MISSING", "the environment variable MISSING is not set"),
        ("env:EMPTY", "the environment variable EMPTY is empty"),
        ("file:/nowhere/key", "cannot be read: entity not found"),
        ("file:/dev/zero", "is not a regular file"),
        (
            "vault:secret/hello#key",
            "no source for `vault:` secrets is configured",
        ),
    ] {
        let directory = directory(&[("config.yaml", &format!("api_key: {reference}"))]);
        let loader = loader(&directory).environment(Environment::from([("EMPTY", "")]));
        let error = crate::settings::load_errors(&directory, &loader);
        assert!(error.contains("config.yaml:1:10: api_key: "), "{error}");
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn empty_file_of_an_optional_secret_is_an_error_conf_5() {
    for content in ["", "\n", "\r\n"] {
        let directory = directory(&[("key", content)]);
        let file = directory.path().join("key").display().to_string();
        let text = format!("api_key: file:{file}\n");
        fs::write(directory.path().join("config.yaml"), text).unwrap();
        let errors = loader(&directory).load(&schema()).unwrap_err();
        let problem = format!("api_key: the secret file {file} is empty");
        assert!(errors.to_string().contains(&problem), "{errors}");
    }
}

struct Vault;

impl SecretSource for Vault {
    fn scheme(&self) -> &'static str {
        "vault"
    }

    fn read<'a>(&'a self, locator: &'a str) -> SecretFuture<'a> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            match locator {
                "secret/hello#key" => Ok(Secret::new(CANARY.to_owned())),
                _ => Err(SecretError::new("no such secret")),
            }
        })
    }
}

#[tokio::test]
async fn reads_secrets_of_added_sources_conf_5() {
    let directory = directory(&[("config.yaml", "api_key: vault:secret/hello#key")]);
    let loaded = loader(&directory)
        .secret_source(Vault)
        .load_async(&schema())
        .await
        .unwrap();
    assert_eq!(
        loaded.get::<Hello>().unwrap().api_key.unwrap().expose(),
        CANARY
    );
}

/// Returns everything that a load can print.
fn everything_printed(schema: &Schema, loader: &Loader) -> String {
    let mut text = schema.docs("hello") + &schema.env_example("hello") + &schema.to_json();
    match loader.load(schema) {
        Err(errors) => text += &format!("{errors} {errors:?} {errors:#?}"),
        Ok(loaded) => {
            text += &format!("{loaded:?} {} {}", loaded.show(), loaded.show_json());
            for shown in loaded.values() {
                text += &loaded.explain(&shown.key).unwrap_or_default();
            }
            text += &format!("{:?}", loaded.inline_secrets());
            text += &format!("{:?}", loaded.get::<Hello>());
            text += &format!("{:?}", Watcher::new(loader.clone(), schema.clone(), loaded));
        }
    }
    text
}

#[test]
fn prints_no_secrets_and_no_values_of_variables_conf_5() {
    let in_files = [
        "api_key: CANARY",
        "api_key: [CANARY]",
        "api_key: { a: CANARY }",
        "api_key: ${KEY}",
        "api_key: env:KEY",
        "api_key: ${UNSET:CANARY}",
        "server: { http: { addr: ${KEY} } }",
        "server: { http: { timeout: ${KEY} } }",
        "server: { http: { connections: ${KEY} } }",
        "server: { http: { max_body: 'x${KEY}' } }",
        "log: { level: ${KEY} }",
        "log: ${KEY}",
        "store: { kind: ${KEY} }",
        "store: ${KEY}",
        "limits: ${KEY}",
    ];
    for text in in_files {
        let directory = directory(&[("config.yaml", &text.replace("CANARY", CANARY))]);
        let loader = loader(&directory).environment(Environment::from([("KEY", CANARY)]));
        let printed = everything_printed(&schema(), &loader);
        assert!(!printed.contains(CANARY), "{text}: {printed}");
    }
    let keys = [
        "API_KEY",
        "SERVER__HTTP__ADDR",
        "SERVER__HTTP__TIMEOUT",
        "SERVER__HTTP__MAX_BODY",
        "SERVER__HTTP__CONNECTIONS",
        "LOG__LEVEL",
        "LOG",
        "STORE",
        "STORE__KIND",
        "LIMITS",
        "UNKNOWN",
        "LOG__SAMPLING",
    ];
    for key in keys {
        for value in [
            CANARY.to_owned(),
            format!("{{a: {CANARY}}}"),
            format!("[{CANARY}"),
        ] {
            let directory = directory(&[("config.yaml", "")]);
            let environment = Environment::from([(format!("HELLO__{key}"), value.clone())]);
            let by_variable = loader(&directory).environment(environment);
            let printed = everything_printed(&schema(), &by_variable);
            assert!(!printed.contains(CANARY), "{key}={value}: {printed}");
            let key = key.to_lowercase().replace("__", ".");
            let by_flag = loader(&directory).overrides([format!("{key}={value}")]);
            let printed = everything_printed(&schema(), &by_flag);
            assert!(!printed.contains(CANARY), "{key}={value}: {printed}");
        }
    }
}

#[test]
fn masks_passwords_in_urls_that_are_not_secrets_obs_3() {
    let text = format!("store: {{ kind: redis, url: 'redis://me:{CANARY}@cache' }}");
    let directory = directory(&[("config.yaml", &text)]);
    let loaded = loader(&directory).load(&schema()).unwrap();
    let shown = [
        loaded.show(),
        loaded.show_json().to_string(),
        loaded.explain("store").unwrap(),
        loaded.explain("store.url").unwrap(),
    ];
    for text in shown {
        assert!(
            text.contains("redis://me:***@cache") && !text.contains(CANARY),
            "{text}"
        );
    }
}

#[test]
fn debug_of_variables_prints_names_only_conf_5() {
    let printed = format!("{:?}", Environment::from([("NAME", CANARY)]));
    assert!(printed.contains("NAME") && !printed.contains(CANARY));
}

#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Storage {
    store: Store,
}

#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Store {
    #[default]
    Memory,
    Redis {
        #[serde(skip_serializing)]
        url: Secret<String>,
        address: std::net::IpAddr,
    },
}

#[test]
fn secret_in_an_enum_is_read_and_never_quoted_conf_5() {
    let schema = Schema::from_settings::<Storage>();
    let load = |address: &str| {
        let text = format!("store: {{ kind: redis, url: env:URL, address: {address} }}");
        let directory = directory(&[("config.yaml", &text)]);
        loader(&directory)
            .environment(Environment::from([("URL", CANARY)]))
            .load(&schema)
    };
    match load("127.0.0.1").unwrap().get::<Storage>().unwrap().store {
        Store::Redis { url, .. } => assert_eq!(url.expose(), CANARY),
        Store::Memory => panic!("the variant was lost"),
    }
    let errors = load("nowhere").unwrap_err();
    assert!(errors.to_string().contains("config.yaml:1:"), "{errors}");
    assert!(!format!("{errors} {errors:?}").contains(CANARY));
}

#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Rotating {
    #[serde(skip_serializing)]
    #[schemars(extend("x-reloadable" = true))]
    key: Option<Secret<String>>,
}

#[tokio::test]
async fn rotated_reloadable_secret_takes_effect_conf_5() {
    let files = directory(&[("key", "first")]);
    let path = files.path().join("key");
    let directory = directory(&[("config.yaml", &format!("key: file:{}", path.display()))]);
    let schema = Schema::from_settings::<Rotating>();
    let loader = loader(&directory);
    let loaded = loader.load(&schema).unwrap();
    let watcher = Watcher::new(loader, schema, loaded);
    let settings = watcher.reloadable::<Rotating>().unwrap();
    std::fs::write(&path, "second").unwrap();
    assert_eq!(watcher.reload().await.unwrap().changed, ["key"]);
    assert_eq!(settings.load().key.as_ref().unwrap().expose(), "second");
    std::fs::remove_file(&path).unwrap();
    watcher.reload().await.unwrap_err();
    assert_eq!(settings.load().key.as_ref().unwrap().expose(), "second");
}

#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Pair {
    #[serde(skip_serializing)]
    one: Option<Secret<String>>,
    #[serde(skip_serializing)]
    two: Option<Secret<String>>,
}

impl Pair {
    fn current(&self) -> [String; 2] {
        [&self.one, &self.two].map(|secret| {
            let secret = secret.as_ref().unwrap().current();
            secret.expose().clone()
        })
    }
}

/// Loads two secrets with these references to files.
fn pair(files: &tempfile::TempDir, names: [&str; 2]) -> (Watcher, Pair) {
    let reference = |name: &str| format!("file:{}", files.path().join(name).display());
    let [one, two] = names.map(reference);
    let directory = directory(&[("config.yaml", &format!("one: {one}\ntwo: {two}\n"))]);
    let schema = Schema::from_settings::<Pair>();
    let loader = loader(&directory);
    let loaded = loader.load(&schema).unwrap();
    let settings = loaded.get::<Pair>().unwrap();
    // The settings are read again at each reload.
    let _ = directory.keep();
    (Watcher::new(loader, schema, loaded), settings)
}

#[tokio::test]
async fn followed_secret_rotates_without_restart_conf_5() {
    let files = directory(&[("a", "first"), ("b", "other")]);
    let (watcher, settings) = pair(&files, ["a", "b"]);
    std::fs::write(files.path().join("a"), "second").unwrap();
    let reloaded = watcher.reload().await.unwrap();
    assert_eq!(reloaded.needs_restart, ["one"], "no component follows it");
    // A component reads it for the first time.
    assert_eq!(settings.current(), ["second", "other"]);
    let reloaded = watcher.reload().await.unwrap();
    assert_eq!(reloaded.changed, ["one"]);
    assert_eq!(settings.current(), ["second", "other"]);
    // The settings of a later reload follow the same value.
    let later = watcher.current().get::<Pair>().unwrap();
    std::fs::write(files.path().join("b"), "third").unwrap();
    assert_eq!(watcher.reload().await.unwrap().changed, ["two"]);
    assert_eq!(settings.current(), ["second", "third"]);
    assert_eq!(later.current(), ["second", "third"]);
    // A secret that cannot be read changes nothing.
    std::fs::remove_file(files.path().join("a")).unwrap();
    watcher.reload().await.unwrap_err();
    assert_eq!(settings.current(), ["second", "third"]);
}

#[tokio::test]
async fn secrets_of_one_reference_rotate_together_conf_5() {
    let files = directory(&[("a", "first")]);
    let (watcher, settings) = pair(&files, ["a", "a"]);
    assert_eq!(settings.current(), ["first", "first"]);
    std::fs::write(files.path().join("a"), "second").unwrap();
    assert_eq!(watcher.reload().await.unwrap().changed, ["one", "two"]);
    assert_eq!(settings.current(), ["second", "second"]);
}

#[tokio::test]
async fn equal_secrets_of_two_references_need_restart_conf_5() {
    let files = directory(&[("a", "same"), ("b", "same")]);
    let (watcher, settings) = pair(&files, ["a", "b"]);
    assert_eq!(settings.current(), ["same", "same"]);
    std::fs::write(files.path().join("a"), "second").unwrap();
    assert_eq!(watcher.reload().await.unwrap().needs_restart, ["one"]);
    assert_eq!(settings.current(), ["same", "same"]);
}
