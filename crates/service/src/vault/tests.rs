use seaworthy_config::{Environment, SecretSource as _};
use seaworthy_testkit::{requirement::required, server::Shared, vault::VaultServer};
use serde_json::json;

use super::{VaultSource, locator::Locator};

static VAULT: Shared<VaultServer> = Shared::new("SEAWORTHY_TEST_VAULT", |program| {
    let vault = VaultServer::start(program)?;
    let entries = json!({ "password": "from-vault", "port": 5432 });
    vault.put("app/database", &entries)?;
    vault.put("gone", &entries)?;
    vault.delete("gone")?;
    vault.call("POST", "sys/mounts/unversioned", &json!({ "type": "kv" }))?;
    // A path that exists only in version 2 of the engine.
    vault.call("POST", "unversioned/data/app", &entries)?;
    Ok(vault)
});

/// The policy of a service: it reads its own secrets only.
const READER: &str = r#"path "secret/data/app/*" { capabilities = ["read"] }"#;

fn environment(address: &str, token: &str) -> Environment {
    Environment::from([("VAULT_ADDR", address), ("VAULT_TOKEN", token)])
}

async fn problem(source: &VaultSource, locator: &str) -> String {
    source.read(locator).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_secret_is_read_from_the_key_value_engine_conf_5() {
    let Some(vault) = VAULT.get() else { return };
    let token = vault.token(READER, 0).unwrap();
    let source = VaultSource::new(&environment(&vault.url(), &token));
    let secret = source.read("secret/app/database#password").await.unwrap();
    assert_eq!(secret.expose(), "from-vault");
}

#[tokio::test]
async fn the_newest_version_is_read_conf_5() {
    let Some(vault) = VAULT.get() else { return };
    let source = VaultSource::new(&environment(&vault.url(), vault.root_token()));
    for password in ["first", "second"] {
        let entries = json!({ "password": password });
        vault.put("rotated", &entries).unwrap();
        let secret = source.read("secret/rotated#password").await.unwrap();
        assert_eq!(secret.expose(), password);
    }
    vault.delete("rotated").unwrap();
    assert_eq!(
        problem(&source, "secret/rotated#password").await,
        "the newest version at secret/rotated is deleted"
    );
}

#[tokio::test]
async fn errors_name_the_place_without_secrets_conf_5() {
    let Some(vault) = VAULT.get() else { return };
    let address = vault.url();
    let source = VaultSource::new(&environment(&address, vault.root_token()));
    for (locator, expected) in [
        (
            "secret/app/database#pasword",
            "secret/app/database has no `pasword`, but password, port",
        ),
        (
            "secret/app/database#port",
            "`port` at secret/app/database is not a string",
        ),
        (
            "secret/nothing#key",
            "Vault has no secret at secret/nothing",
        ),
        (
            "secret/gone#key",
            "the newest version at secret/gone is deleted",
        ),
        ("nowhere/app#key", "Vault has no secret at nowhere/app"),
        (
            "unversioned/app#password",
            "the response of Vault is not that of a key-value engine of version 2",
        ),
    ] {
        assert_eq!(problem(&source, locator).await, expected);
    }
    let reader = vault.token(READER, 0).unwrap();
    for (token, path) in [(reader.as_str(), "gone"), ("s.other", "app/database")] {
        let other = VaultSource::new(&environment(&address, token));
        assert_eq!(
            problem(&other, &format!("secret/{path}#password")).await,
            format!("the token has no permission to read secret/{path}")
        );
    }
}

#[tokio::test]
async fn sealed_or_unreachable_vault_is_reported_and_retried_conf_5() {
    let Some(program) = required("SEAWORTHY_TEST_VAULT") else {
        return;
    };
    let mut vault = VaultServer::start(program).unwrap();
    vault.put("app", &json!({ "key": "from-vault" })).unwrap();
    let source = VaultSource::new(&environment(&vault.url(), vault.root_token()));
    vault.seal().unwrap();
    assert_eq!(
        problem(&source, "secret/app#key").await,
        "Vault is sealed or not ready"
    );
    vault.kill();
    let away = problem(&source, "secret/app#key").await;
    assert!(away.starts_with("Vault cannot be reached"), "{away}");
    vault.restart().unwrap();
    let secret = source.read("secret/app#key").await.unwrap();
    assert_eq!(secret.expose(), "from-vault");
}

#[tokio::test]
async fn a_token_in_a_file_is_read_anew_each_time_conf_5() {
    let Some(vault) = VAULT.get() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let once = vault.token(READER, 1).unwrap();
    std::fs::write(&file, once + "\n").unwrap();
    let address = vault.url();
    let path = file.to_str().unwrap();
    let environment =
        Environment::from([("VAULT_ADDR", address.as_str()), ("VAULT_TOKEN_FILE", path)]);
    let source = VaultSource::new(&environment);
    assert!(source.read("secret/app/database#password").await.is_ok());
    assert!(source.read("secret/app/database#password").await.is_err());
    std::fs::write(&file, vault.token(READER, 1).unwrap()).unwrap();
    assert!(source.read("secret/app/database#password").await.is_ok());
}

#[tokio::test]
async fn a_token_never_travels_in_plain_text_to_another_machine_conf_5() {
    let source = VaultSource::new(&environment("http://vault.example.org:8200", "s.canary"));
    assert!(
        problem(&source, "secret/app#key")
            .await
            .contains("must begin with https://")
    );
    let source = VaultSource::new(&Environment::default());
    assert_eq!(
        problem(&source, "secret/app#key").await,
        "VAULT_ADDR is not set"
    );
}

#[test]
fn a_locator_cannot_leave_its_place_conf_5() {
    assert_eq!(
        Locator::parse("secret/app#key").unwrap(),
        Locator {
            mount: "secret",
            path: "app",
            key: "key"
        }
    );
    for malformed in [
        "secret/app",
        "app#key",
        "secret/../sys#key",
        "secret//app#key",
        "secret/a?b#key",
        "secret/app#",
        "/app#key",
        "secret/a%2fb#key",
    ] {
        let accepted = Locator::parse(malformed);
        assert!(accepted.is_err(), "{malformed}: {accepted:?}");
    }
}
