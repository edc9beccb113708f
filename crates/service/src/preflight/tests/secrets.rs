use seaworthy_config::{Mark, Marks};

use super::*;

fn signing_key() -> Marks {
    Marks::from_iter([Mark::SigningKey])
}

#[test]
fn rejects_inline_secret_with_its_place_conf_5() {
    let mut inline = Facts::default();
    let setting = Setting {
        origin: "config.production.yaml:9:13".into(),
        is_inline_secret: true,
        ..setting("***")
    };
    inline.insert("mail.password", setting);
    assert_eq!(ids(&inline), one("CONF-5", "mail.password"));
    assert!(text(&check(&inline)).contains("config.production.yaml:9:13"));
}

#[test]
fn rejects_signing_keys_that_can_be_guessed_auth_1() {
    for secret in [
        "",
        "short",
        "changeme-changeme-changeme-changeme",
        "your-256-bit-secret-your-256-bit-secret",
        &"a".repeat(64),
        "correct horse battery staple correct horse",
        "7391748203758291047582910475829104758",
        "abcdefabcdef0123abcdefabcdef0123",
    ] {
        let mut facts = Facts::default();
        facts.insert_secret("auth.jwt.secret", secret, signing_key());
        assert_eq!(ids(&facts), one("AUTH-1", "auth.jwt.secret"), "{secret}");
        assert!(secret.is_empty() || !text(&check(&facts)).contains(secret));
    }
    for secret in [
        "Vq3x9ZrT0bLw8sYdK2mNf6hJc1pGaEuR7tXo",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ] {
        let mut strong = Facts::default();
        strong.insert_secret("auth.jwt.secret", secret, signing_key());
        assert_eq!(ids(&strong), []);
    }
}

#[test]
fn rejects_sample_of_any_secret_conf_5() {
    for key in ["service_calls.secret", "audit_log.key", "database.password"] {
        for (sample, marks) in [
            ("changeme-now", signing_key()),
            ("changeme-now", Marks::default()),
            ("xxxxxxxx", Marks::default()),
        ] {
            let is_key = marks.has(Mark::SigningKey);
            let id = if is_key { "AUTH-1" } else { "CONF-5" };
            let mut facts = Facts::default();
            facts.insert_secret(key, sample, marks);
            assert_eq!(ids(&facts), one(id, key));
            assert!(!text(&check(&facts)).contains(sample));
        }
    }
    let mut good = Facts::default();
    good.insert_secret("database.password", "kX9-pT4", Marks::default());
    good.insert_secret("mail.password", "", Marks::default());
    assert_eq!(ids(&good), []);
    let mut short = Facts::default();
    short.insert_secret("audit_log.key", "kX9-pT4", signing_key());
    assert_eq!(ids(&short), one("AUTH-1", "audit_log.key"));
}

#[test]
fn rejects_redis_on_the_network_without_password_conf_5() {
    let facts = |url: &str, password: &str| {
        let mut facts = Facts::default();
        facts.insert("cache.redis.url", setting(url));
        facts.insert_secret("cache.redis.password", password, Marks::default());
        facts
    };
    let open = facts("rediss://cache.internal:6379", "");
    assert_eq!(ids(&open), one("CONF-5", "cache.redis.url"));
    for closed in [
        facts("rediss://cache.internal:6379", "kX9-pT4"),
        facts("rediss://:kX9-pT4@cache.internal:6379/0", ""),
    ] {
        assert_eq!(ids(&closed), []);
    }
}

#[test]
fn rejects_redis_address_in_secret_without_password_conf_5() {
    let facts = |address: &str, password: &str| {
        let mut facts = Facts::default();
        facts.insert("limits.redis.address", setting("***"));
        let link = Marks::from_iter([Mark::Link]);
        facts.insert_secret("limits.redis.address", address, link);
        facts.insert_secret("limits.redis.password", password, Marks::default());
        facts
    };
    let open = facts("rediss://cache.internal:6379", "");
    assert_eq!(ids(&open), one("CONF-5", "limits.redis.address"));
    for closed in [
        facts("rediss://cache.internal:6379", "kX9-pT4"),
        facts("rediss://:kX9-pT4@cache.internal:6379/0", ""),
        facts("redis://127.0.0.1:6379", ""),
    ] {
        assert_eq!(ids(&closed), []);
    }
}
