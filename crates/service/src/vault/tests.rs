use seaworthy_config::{Environment, SecretSource as _};
use seaworthy_testkit::vault::{TOKEN, Vault};
use serde_json::{Value, json};

use super::{VaultSource, locator::Locator};

fn vault() -> Vault {
    let vault = Vault::open().unwrap();
    let entries = json!({ "password": "from-vault", "port": 5432 });
    vault.put("secret/app/database", entries);
    vault.put("secret/gone", Value::Null);
    vault
}

fn environment(address: &str, token: &str) -> Environment {
    Environment::from([("VAULT_ADDR", address), ("VAULT_TOKEN", token)])
}

async fn problem(source: &VaultSource, locator: &str) -> String {
    source.read(locator).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_secret_is_read_from_the_key_value_engine_conf_5() {
    let address = vault().url();
    let source = VaultSource::new(&environment(&address, TOKEN));
    let secret = source.read("secret/app/database#password").await.unwrap();
    assert_eq!(secret.expose(), "from-vault");
}

#[tokio::test]
async fn what_is_wrong_is_named_and_no_secret_is_told_conf_5() {
    let address = vault().url();
    let source = VaultSource::new(&environment(&address, TOKEN));
    assert_eq!(
        problem(&source, "secret/app/database#pasword").await,
        "secret/app/database has no `pasword`, but password, port"
    );
    assert_eq!(
        problem(&source, "secret/app/database#port").await,
        "`port` at secret/app/database is not a text"
    );
    assert_eq!(
        problem(&source, "secret/nothing#key").await,
        "Vault has nothing at secret/nothing"
    );
    assert_eq!(
        problem(&source, "secret/gone#key").await,
        "the newest version at secret/gone is deleted"
    );
    let stranger = VaultSource::new(&environment(&address, "s.other"));
    assert_eq!(
        problem(&stranger, "secret/app/database#password").await,
        "Vault does not let this token read secret/app/database"
    );
}

#[tokio::test]
async fn a_token_in_a_file_is_read_anew_each_time_conf_5() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "s.expired\n").unwrap();
    let address = vault().url();
    let path = file.to_str().unwrap();
    let environment =
        Environment::from([("VAULT_ADDR", address.as_str()), ("VAULT_TOKEN_FILE", path)]);
    let source = VaultSource::new(&environment);
    assert!(source.read("secret/app/database#password").await.is_err());
    std::fs::write(&file, TOKEN).unwrap();
    assert!(source.read("secret/app/database#password").await.is_ok());
}

#[tokio::test]
async fn a_token_never_travels_in_plain_text_to_another_machine_conf_5() {
    let source = VaultSource::new(&environment("http://vault.example.org:8200", TOKEN));
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
