use seaworthy_client::{HttpClient, HttpClientConfig};
use seaworthy_core::Secret;
use seaworthy_crypto::{KeyId, Sealer, VaultTransit, VaultTransitConfig};
use seaworthy_testkit::{requirement::required, vault::VaultServer};
use serde_json::{Value, json};

use super::test_database::{FEW, TestDatabase};

fn sealer(vault: &VaultServer, token: &str) -> Sealer {
    let client = HttpClientConfig {
        base_url: Some(vault.url().parse().unwrap()),
        ..HttpClientConfig::default()
    };
    let client = HttpClient::builder("vault").config(client).build().unwrap();
    let config = VaultTransitConfig::new(KeyId::new("trial").unwrap());
    Sealer::new(VaultTransit::new(client, Secret::new(token.to_owned()), config).unwrap())
}

/// A token with only this permission for the key.
fn may(vault: &VaultServer, paths: &[&str]) -> String {
    let policy: Vec<String> = paths
        .iter()
        .map(|path| format!(r#"path "transit/{path}" {{ capabilities = ["update"] }}"#))
        .collect();
    vault.token(&policy.concat(), 0).unwrap()
}

pub(crate) async fn commands_rotate_vault_key_and_rewrap_values_sec_5(test_database: TestDatabase) {
    let Some(program) = required("SEAWORTHY_TEST_VAULT") else {
        return;
    };
    let vault = VaultServer::start(program).unwrap();
    let key = "transit/keys/trial";
    vault.call("POST", key, &Value::Null).unwrap();
    let uses = may(&vault, &["encrypt/trial", "decrypt/trial", "rewrap/trial"]);
    let rotates = may(&vault, &["keys/trial/rotate"]);
    test_database.fill(&sealer(&vault, &uses), FEW).await;

    let at = format!("clients.vault.base_url={}", vault.url());
    let run = |subcommand, token: &str| {
        test_database.run(&[subcommand, "--set", &at], &[("VAULT_TOKEN", token)])
    };
    // A token that uses the key cannot rotate it.
    let refused = run("rotate", &uses);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        refused
            .stderr
            .contains("the token has no permission for this key"),
        "{}",
        refused.stderr
    );
    assert!(!refused.stderr.contains(&uses), "{}", refused.stderr);
    let rotated = run("rotate", &rotates);
    assert_eq!(rotated.status.code(), Some(0), "{}", rotated.stderr);
    let about = vault.call("GET", key, &Value::Null).unwrap();
    assert_eq!(about["data"]["latest_version"], 2);

    let done = run("rewrap", &uses);
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    assert_eq!(done.stdout.len(), 6, "{:?}", done.stdout);
    for line in done.stdout {
        assert!(!line.contains(": 0 of"), "{line}");
    }
    // Vault rejects the first version of the key.
    let newest = json!({ "min_decryption_version": 2 });
    vault
        .call("POST", &format!("{key}/config"), &newest)
        .unwrap();
    test_database.opens(&sealer(&vault, &uses), FEW).await;
}
