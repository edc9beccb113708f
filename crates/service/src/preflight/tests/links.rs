use seaworthy_config::{Mark, Marks};
use serde_json::json;

use super::*;

#[test]
fn rejects_unencrypted_links_to_other_machines_sec_1() {
    for url in [
        "postgres://app@db.internal:5432/orders",
        "postgres://app@db.internal/orders?sslmode=disable",
        "mysql://app@10.0.0.7/orders",
        "redis://:pw@cache.internal:6379",
        "amqp://app@broker.internal",
        "nats://broker.internal:4222",
        "dapr://dapr.internal:50001/pubsub",
        "redis+sentinel://user:pw@10.0.0.1,10.0.0.2/orders",
        "redis+cluster://:pw@10.0.0.1:6379,10.0.0.2:6379",
        "redis+sentinel://:pw@127.0.0.1,10.0.0.1/x",
        "redis://:pw@[2001:db8::1]:6379",
        "postgres://db.internal/x?application_name=sslmode=verify-full",
        "postgres://db.internal/x?sslmode=require",
        "postgres://db.internal/x?sslmode=verify-full&sslmode=disable",
        "postgres://sslmode=verify-full@db.internal/x",
        "postgres://localhost/x?host=db.internal",
        "postgres:///x?host=db.internal",
        "mysql://db.internal/x?sslmode=required",
        "app:pw@tcp(10.0.0.7:3306)/orders?parseTime=true",
        "app:pw@tcp(10.0.0.7:3306)/orders?tls=skip-verify",
        "cassandra://db.internal/orders",
        "REDIS://:pw@cache.internal",
    ] {
        refused(
            "SEC-1",
            "orders.database_url",
            json!({ "orders.database_url": url, "allow_embedded": true }),
        );
    }
    for url in [
        "postgres://app@db.internal/orders?sslmode=verify-full",
        "mysql://app@db.internal/orders?ssl-mode=VERIFY_IDENTITY",
        "rediss://:pw@cache.internal:6379",
        "amqps://app@broker.internal",
        "rediss+sentinel://:pw@10.0.0.1,10.0.0.2/orders",
        "postgres://app@db.internal/orders?application_name=a&sslmode=VERIFY-FULL",
        "app:pw@tcp(db.internal:3306)/orders?tls=true",
        "smtps://mail.internal",
        "/a/path",
    ] {
        accepted(json!({ "orders.database_url": url }));
    }
}

#[test]
fn rejects_stores_on_this_machine_unless_allowed_conf_7() {
    for url in [
        "sqlite:data/orders.db",
        "memory:",
        "postgres://app@localhost/orders?sslmode=require",
        "postgres://app@db.localhost/orders",
        "redis://[::ffff:127.0.0.1]:6379",
        "redis://127.0.0.1:6379",
        "redis://[::1]:6379",
        "redis+sentinel://127.0.0.1:26379,[::1]:26379/orders",
        "app:pw@tcp(127.0.0.1:3306)/orders",
    ] {
        refused("CONF-7", "database.url", json!({ "database.url": url }));
        accepted(json!({ "database.url": url, "allow_embedded": true }));
    }
}

#[test]
fn each_rule_reports_its_problem_of_one_setting_conf_3() {
    let settings = json!({ "cache.redis.url": "redis://cache.internal:6379" });
    let expected = ["SEC-1", "CONF-5"].map(|id| (id.to_owned(), "cache.redis.url".to_owned()));
    assert_eq!(ids(&facts(settings)), expected);
}

#[test]
fn advice_on_a_local_store_names_all_needs_conf_7() {
    let text = |url: &str| text(&check(&facts(json!({ "database.url": url }))));
    let named = [
        (
            "postgres://app@localhost/x?sslmode=disable",
            "environment with sslmode=verify-full, or",
        ),
        (
            "redis://127.0.0.1:6379",
            "environment with the scheme rediss and a password, or",
        ),
        ("rediss://127.0.0.1:6379", "environment with a password, or"),
        ("rediss://:pw@127.0.0.1:6379", "environment, or"),
        ("sqlite:data/orders.db", "environment, or"),
    ];
    for (url, advice) in named {
        assert!(text(url).contains(advice), "{url}: {}", text(url));
    }
}

#[test]
fn accepts_unencrypted_link_to_this_machine_sec_1() {
    accepted(json!({ "database.url": "postgres://app@localhost/orders", "allow_embedded": true }));
}

#[test]
fn accepts_sidecar_on_this_machine_conf_7() {
    accepted(json!({ "broker.url": "dapr://127.0.0.1:50001/pubsub" }));
}

#[test]
fn link_is_detected_by_its_mark_not_its_name_sec_1() {
    let mut declared = Facts::default();
    let link = |url: &str| marked(url, Mark::Link);
    declared.insert("orders.cache", link("redis://:pw@cache.internal"));
    declared.insert("orders.name", setting("amqp://broker.internal"));
    declared.insert("orders.help_url", setting("http://help.internal"));
    declared.insert_item("orders.brokers", link("amqps://a.internal"));
    declared.insert_item("orders.brokers", link("amqp://b.internal"));
    let expected = ["orders.brokers", "orders.cache"];
    let expected = expected.map(|key| ("SEC-1".to_owned(), key.to_owned()));
    assert_eq!(ids(&declared), expected);
}

#[test]
fn address_without_scheme_in_a_secret_is_rejected_sec_1() {
    let mut facts = Facts::default();
    for (key, address, marks) in [
        (
            "redis.address",
            "cache.internal:6379",
            Marks::from_iter([Mark::Link]),
        ),
        (
            "bare.address",
            "cache.internal",
            Marks::from_iter([Mark::Link]),
        ),
        (
            "local.address",
            "127.0.0.1:6379",
            Marks::from_iter([Mark::Link]),
        ),
        ("database.password", "cache.internal:6379", Marks::default()),
    ] {
        facts.insert_secret(key, address, marks);
    }
    let expected = ["bare.address", "redis.address"];
    let expected = expected.map(|key| ("SEC-1".to_owned(), key.to_owned()));
    assert_eq!(ids(&facts), expected);
}

#[test]
fn link_in_a_secret_is_rejected_without_being_shown_sec_1() {
    let mut facts = Facts::default();
    for (key, secret) in [
        (
            "rate_limit.redis.address",
            "redis://app:hunter2@cache.internal",
        ),
        ("other.address", "rediss://app:hunter2@cache.internal"),
        ("local.address", "redis://127.0.0.1"),
    ] {
        facts.insert_secret(key, secret, Marks::default());
    }
    assert_eq!(ids(&facts), one("SEC-1", "rate_limit.redis.address"));
    let text = text(&check(&facts));
    assert!(
        !text.contains("hunter2") && !text.contains("cache.internal"),
        "{text}"
    );
}
