use seaworthy_client::HttpClientConfig;
use seaworthy_testkit::{requirement::required, server::Shared, vault::VaultServer};
use serde_json::json;

use super::*;
use crate::{Context, Encrypted, Rewrapped, Sealer};

static VAULT: Shared<VaultServer> = Shared::new("SEAWORTHY_TEST_VAULT", |program| {
    VaultServer::start(program)
});

/// Creates a token with permission for the key only. 0 uses are unlimited.
fn user(vault: &VaultServer, key: &str, uses: u32) -> String {
    let policy = ["encrypt", "decrypt", "rewrap"]
        .map(|action| format!(r#"path "transit/{action}/{key}" {{ capabilities = ["update"] }}"#));
    vault.token(&policy.concat(), uses).unwrap()
}

fn create(vault: &VaultServer, key: &str) {
    let path = format!("transit/keys/{key}");
    vault.call("POST", &path, &Value::Null).unwrap();
}

fn rotate(vault: &VaultServer, key: &str) {
    let path = format!("transit/keys/{key}/rotate");
    vault.call("POST", &path, &Value::Null).unwrap();
}

fn transit_at(address: &str, token: &str, config: VaultTransitConfig) -> VaultTransit {
    let client = HttpClientConfig {
        base_url: Some(address.parse().unwrap()),
        ..HttpClientConfig::default()
    };
    let client = HttpClient::builder("vault").config(client).build().unwrap();
    VaultTransit::new(client, Secret::new(token.to_owned()), config).unwrap()
}

fn transit(vault: &VaultServer, token: &str, key: &str) -> VaultTransit {
    let config = VaultTransitConfig::new(KeyId::new(key).unwrap());
    transit_at(&vault.url(), token, config)
}

fn context() -> Context {
    Context::new("users", "phone")
}

#[tokio::test]
async fn vault_wraps_data_keys_and_receives_no_values_sec_5() {
    let Some(vault) = VAULT.get() else { return };
    create(vault, "one-call");
    let sealer = Sealer::new(transit(vault, &user(vault, "one-call", 1), "one-call"));
    let mut values = Vec::new();
    for number in 0..100_u32 {
        values.push(sealer.seal(&number, &context()).await.unwrap());
    }
    let reader = Sealer::new(transit(vault, &user(vault, "one-call", 1), "one-call"));
    for sealer in [&sealer, &reader] {
        for (number, value) in values.iter().enumerate() {
            let opened = sealer.open(value, &context()).await.unwrap();
            assert_eq!(usize::try_from(opened).unwrap(), number);
        }
    }
    sealer.renew_data_key();
    let used_up = sealer.seal(&7_u32, &context()).await;
    assert!(used_up.is_err(), "the token was good for more than a call");
}

#[tokio::test]
async fn rewrap_uses_version_that_vault_rotated_sec_5() {
    let Some(vault) = VAULT.get() else { return };
    create(vault, "rotated");
    let sealer = Sealer::new(transit(vault, &user(vault, "rotated", 0), "rotated"));
    let value = sealer.seal(&7_u32, &context()).await.unwrap();
    assert_eq!(
        sealer.rewrap(value.envelope()).await.unwrap(),
        Rewrapped::Current
    );
    rotate(vault, "rotated");
    let Rewrapped::Changed(anew) = sealer.rewrap(value.envelope()).await.unwrap() else {
        panic!("the old version was left");
    };
    // Vault rejects the first version of the key.
    let newest = json!({ "min_decryption_version": 2 });
    vault
        .call("POST", "transit/keys/rotated/config", &newest)
        .unwrap();
    sealer.renew_data_key();
    assert_eq!(
        sealer
            .open(&Encrypted::<u32>::new(anew), &context())
            .await
            .unwrap(),
        7
    );
    let old = sealer.open(&value, &context()).await.unwrap_err();
    assert_eq!(
        old.to_string(),
        "Vault rejected the request: the version of the key is below min_decryption_version"
    );
}

#[tokio::test]
async fn rewrap_uses_active_key_sec_5() {
    let Some(vault) = VAULT.get() else { return };
    create(vault, "former");
    create(vault, "present");
    let former = Sealer::new(transit(vault, vault.root_token(), "former"));
    let value = former.seal(&7_u32, &context()).await.unwrap();
    let present = Sealer::new(transit(vault, vault.root_token(), "present"));
    let Rewrapped::Changed(anew) = present.rewrap(value.envelope()).await.unwrap() else {
        panic!("the former key was left");
    };
    let only = Sealer::new(transit(vault, &user(vault, "present", 0), "present"));
    let anew = Encrypted::<u32>::new(anew);
    assert_eq!(only.open(&anew, &context()).await.unwrap(), 7);
    let refused = only.open(&value, &context()).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Vault rejected the request: the token has no permission for this key"
    );
}

#[tokio::test]
async fn errors_name_the_cause_without_secrets_sec_5() {
    let Some(vault) = VAULT.get() else { return };
    create(vault, "events");
    let seal = async |token: &str, key: &str| {
        let sealer = Sealer::new(transit(vault, token, key));
        let error = sealer.seal(&7_u32, &context()).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains(token));
        error.to_string()
    };
    let forbidden = "Vault rejected the request: the token has no permission for this key";
    assert_eq!(seal("s.canary", "events").await, forbidden);
    let events = user(vault, "events", 0);
    assert_eq!(seal(&events, "other").await, forbidden);
    // A mistyped name creates no key if the token has only `update`.
    let mistyped = user(vault, "evnets", 0);
    assert_eq!(seal(&mistyped, "evnets").await, forbidden);
    let derived = json!({ "derived": true });
    vault
        .call("POST", "transit/keys/derived", &derived)
        .unwrap();
    assert_eq!(
        seal(vault.root_token(), "derived").await,
        "Vault rejected the request: a derived key cannot be used"
    );
    let nowhere = Sealer::new(transit(vault, vault.root_token(), "nowhere"));
    let error = nowhere.rotate().await.unwrap_err();
    assert_eq!(error.to_string(), "the key \"nowhere\" does not exist");
    // Names of keys in Vault have no colon.
    for (mount, key) in [("elsewhere", "events"), ("transit", "events:1")] {
        let config = VaultTransitConfig {
            mount: mount.to_owned(),
            ..VaultTransitConfig::new(KeyId::new(key).unwrap())
        };
        let nowhere = Sealer::new(transit_at(&vault.url(), vault.root_token(), config));
        let error = nowhere.seal(&7_u32, &context()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "Vault rejected the request: the mount of the engine or the name of the key is wrong"
        );
    }
}

#[tokio::test]
async fn missing_key_and_altered_value_are_different_errors_sec_5() {
    let Some(vault) = VAULT.get() else { return };
    create(vault, "mortal");
    let sealer = Sealer::new(transit(vault, &user(vault, "mortal", 0), "mortal"));
    let mut envelope = sealer
        .seal(&7_u32, &context())
        .await
        .unwrap()
        .envelope()
        .clone();
    sealer.renew_data_key();
    let gone = envelope.clone();
    let mut bytes = envelope.key.bytes.to_vec();
    let first = bytes.iter().rposition(|byte| *byte == b':').unwrap() + 1;
    bytes[first] = if bytes[first] == b'A' { b'B' } else { b'A' };
    envelope.key.bytes = bytes.into();
    let altered = Encrypted::<u32>::new(envelope);
    let error = sealer.open(&altered, &context()).await.unwrap_err();
    assert!(matches!(error, CryptoError::DecryptionFailed), "{error:?}");
    let mortal = json!({ "deletion_allowed": true });
    vault
        .call("POST", "transit/keys/mortal/config", &mortal)
        .unwrap();
    vault
        .call("DELETE", "transit/keys/mortal", &Value::Null)
        .unwrap();
    let gone = Encrypted::<u32>::new(gone);
    let error = sealer.open(&gone, &context()).await.unwrap_err();
    assert_eq!(error.to_string(), "the key \"mortal\" does not exist");
}

#[tokio::test]
async fn unreachable_vault_is_an_error_until_it_returns_sec_5() {
    let Some(program) = required("SEAWORTHY_TEST_VAULT") else {
        return;
    };
    let mut vault = VaultServer::start(program).unwrap();
    create(&vault, "events");
    let token = user(&vault, "events", 0);
    let sealer = Sealer::new(transit(&vault, &token, "events"));
    let value = sealer.seal(&7_u32, &context()).await.unwrap();
    let unreachable = async |transit: VaultTransit| {
        let sealer_without_vault = Sealer::new(transit);
        let error = sealer_without_vault
            .open(&value, &context())
            .await
            .unwrap_err();
        assert!(matches!(error, CryptoError::Unreachable(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains(&token));
        // A data key in memory needs no call to Vault.
        assert_eq!(sealer.open(&value, &context()).await.unwrap(), 7);
    };
    vault.seal().unwrap();
    unreachable(transit(&vault, &token, "events")).await;
    vault.unseal().unwrap();
    vault.kill();
    unreachable(transit(&vault, &token, "events")).await;
    vault.restart().unwrap();
    sealer.renew_data_key();
    assert_eq!(sealer.open(&value, &context()).await.unwrap(), 7);
}

#[test]
fn key_name_cannot_change_the_path_sec_5() {
    for name in ["", ".", "..", "../sys", "a/b", "a?b", "a%2fb", "a b", "ä"] {
        assert!(KeyId::new(name).is_err(), "{name}");
    }
    let client = HttpClient::builder("vault").build().unwrap();
    let config = VaultTransitConfig {
        mount: "transit/../sys".to_owned(),
        ..VaultTransitConfig::new(KeyId::new("events").unwrap())
    };
    assert!(VaultTransit::new(client, Secret::new(String::new()), config).is_err());
}
