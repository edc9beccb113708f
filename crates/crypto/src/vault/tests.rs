//! Against the testkit's stand-in: the real server is not among the packages that a test can install.

use seaworthy_client::HttpClientConfig;
use seaworthy_testkit::vault::{TOKEN, Vault};

use super::*;
use crate::{Context, Encrypted, Rewrapped, Sealer};

fn transit(vault: &Vault, token: &str) -> VaultTransit {
    let config = HttpClientConfig {
        base_url: Some(vault.url().parse().unwrap()),
        ..HttpClientConfig::default()
    };
    let client = HttpClient::builder("vault").config(config).build().unwrap();
    let key = VaultTransitConfig::new(KeyId::new("events").unwrap());
    VaultTransit::new(client, Secret::new(token.to_owned()), key).unwrap()
}

#[tokio::test]
async fn data_keys_are_wrapped_by_vault_and_values_never_travel_sec_5() {
    let vault = Vault::open().unwrap();
    vault.rotate("events");
    let sealer = Sealer::new(transit(&vault, TOKEN));
    let context = Context::new("users", "phone");
    let mut values = Vec::new();
    for number in 0..100_u32 {
        values.push(sealer.seal(&number, &context).await.unwrap());
    }
    for (number, value) in values.iter().enumerate() {
        let opened = sealer.open(value, &context).await.unwrap();
        assert_eq!(usize::try_from(opened).unwrap(), number);
    }
    assert_eq!(vault.transit_calls(), 1, "one data key");
    let other = Sealer::new(transit(&vault, TOKEN));
    assert_eq!(other.open(&values[7], &context).await.unwrap(), 7);
    assert_eq!(vault.transit_calls(), 2);
}

#[tokio::test]
async fn a_key_that_vault_rotated_wraps_anew_sec_5() {
    let vault = Vault::open().unwrap();
    vault.rotate("events");
    let sealer = Sealer::new(transit(&vault, TOKEN));
    let context = Context::new("users", "phone");
    let value = sealer.seal(&7_u32, &context).await.unwrap();
    assert_eq!(
        sealer.rewrap(value.envelope()).await.unwrap(),
        Rewrapped::Current
    );
    vault.rotate("events");
    let Rewrapped::Changed(anew) = sealer.rewrap(value.envelope()).await.unwrap() else {
        panic!("the old version was left");
    };
    sealer.forget_keys();
    assert_eq!(
        sealer
            .open(&Encrypted::<u32>::new(anew), &context)
            .await
            .unwrap(),
        7
    );
}

#[tokio::test]
async fn what_is_wrong_is_named_and_no_secret_is_told_sec_5() {
    let vault = Vault::open().unwrap();
    let context = Context::new("users", "phone");
    let seal = async |token: &str| {
        let sealer = Sealer::new(transit(&vault, token));
        sealer.seal(&7_u32, &context).await.unwrap_err().to_string()
    };
    assert_eq!(seal(TOKEN).await, "there is no key \"events\"");
    vault.rotate("events");
    let refused = seal("s.canary").await;
    assert_eq!(refused, "Vault refused: the token may not use this key");
    let nowhere = HttpClientConfig {
        base_url: Some("http://127.0.0.1:1".parse().unwrap()),
        ..HttpClientConfig::default()
    };
    let client = HttpClient::builder("vault")
        .config(nowhere)
        .build()
        .unwrap();
    let key = VaultTransitConfig::new(KeyId::new("events").unwrap());
    let unreachable = VaultTransit::new(client, Secret::new("s.canary".to_owned()), key).unwrap();
    let error = Sealer::new(unreachable)
        .seal(&7_u32, &context)
        .await
        .unwrap_err();
    assert!(matches!(error, CryptoError::Unreachable(_)));
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[test]
fn a_name_cannot_leave_its_place_sec_5() {
    for name in ["", ".", "..", "../sys", "a/b", "a?b", "a%2fb", "a b", "ä"] {
        assert!(KeyId::new(name).is_err(), "{name}");
    }
    let client = HttpClient::builder("vault").build().unwrap();
    let config = VaultTransitConfig {
        mount: "transit/../sys".to_owned(),
        key: KeyId::new("events").unwrap(),
    };
    assert!(VaultTransit::new(client, Secret::new(String::new()), config).is_err());
}
