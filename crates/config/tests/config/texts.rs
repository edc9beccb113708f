//! The texts that the configuration writes about itself (CONF-6).

use seaworthy_config::{Environment, Loaded, Schema};

use crate::settings::{Hello, directory, loader, schema};

#[expect(
    clippy::unwrap_used,
    reason = "clippy knows only test functions as tests"
)]
fn loaded(directory: &tempfile::TempDir) -> Loaded {
    loader(directory)
        .environment(Environment::from([
            ("HELLO__SERVER__HTTP__CONNECTIONS", "7"),
            ("PARTNER_KEY", "hunter2"),
        ]))
        .overrides(["server.http.connections=8"])
        .load(&schema())
        .unwrap()
}

fn shortened(text: &str, directory: &tempfile::TempDir) -> String {
    text.replace(&format!("{}/", directory.path().display()), "")
}

const FILE: &str = "server:\n  http:\n    connections: 6\napi_key: env:PARTNER_KEY\nstore: { kind: redis, url: 'redis://me:hunter2@cache' }\n";

#[test]
fn shows_values_with_origin_and_masked_secrets_conf_6() {
    let directory = directory(&[("config.yaml", FILE)]);
    insta::assert_snapshot!(shortened(&loaded(&directory).show(), &directory));
}

#[test]
fn explains_a_key_by_layer_conf_6() {
    let directory = directory(&[("config.yaml", FILE)]);
    let loaded = loaded(&directory);
    let text = [
        loaded.explain("server.http.connections").unwrap(),
        loaded.explain("api_key").unwrap(),
        loaded.explain("server.http").unwrap(),
        loaded.explain("server.htp").unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(shortened(&text.join("\n"), &directory));
}

#[test]
fn documents_all_keys_conf_6() {
    insta::assert_snapshot!(schema().docs("hello"));
}

#[test]
fn writes_env_example_without_secrets_conf_6() {
    insta::assert_snapshot!(schema().env_example("hello"));
}

#[test]
fn rejects_two_types_with_the_same_key_conf_1() {
    let directory = directory(&[("config.yaml", "")]);
    let schema = Schema::from_settings::<Hello>().with::<Again>();
    let error = loader(&directory).load(&schema).unwrap_err().to_string();
    assert!(
        error.contains("two settings types have the key `greeting`"),
        "{error}"
    );
}

#[derive(Default, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Again {
    greeting: String,
}
