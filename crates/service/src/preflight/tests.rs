use seaworthy_core::ByteSize;
use serde_json::{Value, json};

use super::*;

fn facts(settings: Value) -> Facts {
    let mut facts = Facts::default();
    for (key, value) in settings.as_object().unwrap() {
        let setting = Setting {
            value: value.clone(),
            origin: "config.yaml:3:5".into(),
            is_default: false,
            is_inline_secret: false,
            is_browser_address: false,
            is_link: false,
        };
        facts.insert(key, setting);
    }
    facts
}

#[track_caller]
fn refused(id: &str, key: &str, settings: Value) {
    let found = check(&facts(settings));
    assert!(
        found
            .iter()
            .any(|violation| violation.id == id && violation.key == key),
        "{found:#?}"
    );
}

#[track_caller]
fn accepted(settings: Value) {
    assert_eq!(check(&facts(settings)), []);
}

#[test]
fn cors_that_names_no_origin_or_every_origin_is_refused_sec_2() {
    refused(
        "SEC-2",
        "server.http.cors.allowed_origins",
        json!({ "server.http.cors.allowed_origins": ["*"], "server.http.cors.enabled": true }),
    );
    refused(
        "SEC-2",
        "server.http.cors.allowed_origins",
        json!({ "server.http.cors.allowed_origins": [], "server.http.cors.enabled": true }),
    );
    accepted(json!({ "server.http.cors.allowed_origins": [], "server.http.cors.enabled": false }));
    accepted(
        json!({ "server.http.cors.allowed_origins": ["https://app.example.org"], "server.http.cors.enabled": true }),
    );
}

#[test]
fn trusting_everybody_as_a_proxy_is_refused_sec_6() {
    for everybody in ["0.0.0.0/0", "::/0", "128.0.0.0/1"] {
        refused(
            "SEC-6",
            "server.http.trusted_proxies",
            json!({ "server.http.trusted_proxies": ["10.0.0.0/8", everybody] }),
        );
    }
    accepted(json!({ "server.http.trusted_proxies": ["10.0.0.0/8", "192.0.2.1"] }));
    accepted(json!({ "server.http.trusted_proxies": [] }));
}

#[test]
fn a_listener_without_tls_and_without_a_proxy_is_refused_sec_1() {
    refused(
        "SEC-1",
        "server.http.tls",
        json!({ "server.http.addr": "0.0.0.0:8000" }),
    );
    refused(
        "SEC-1",
        "server.http.tls",
        json!({ "server.http.addr": "0.0.0.0:8000", "server.http.tls": null }),
    );
    accepted(json!({ "server.http.addr": "0.0.0.0:8000", "behind_tls_proxy": true }));
    accepted(
        json!({ "server.http.addr": "0.0.0.0:8000", "server.http.tls.certificate": "/run/tls/tls.crt" }),
    );
}

#[test]
fn an_address_that_nobody_chose_is_refused_conf_7() {
    let mut defaulted = facts(json!({ "behind_tls_proxy": true }));
    let setting = Setting {
        value: "127.0.0.1:8000".into(),
        origin: "default".into(),
        is_default: true,
        is_inline_secret: false,
        is_browser_address: false,
        is_link: false,
    };
    defaulted.insert("server.http.addr", setting);
    assert_eq!(
        check(&defaulted)
            .iter()
            .map(|violation| violation.id)
            .collect::<Vec<_>>(),
        ["CONF-7"]
    );
    accepted(json!({ "behind_tls_proxy": true, "server.http.addr": "0.0.0.0:8000" }));
}

#[test]
fn an_admin_token_that_can_be_guessed_is_refused_auth_5() {
    for token in [
        "",
        "a",
        "   ",
        "changeme",
        "0123456789",
        "twenty-one-characters",
    ] {
        let mut facts = facts(json!({ "admin.addr": "0.0.0.0:9900" }));
        facts.insert_secret("admin.token", token, false);
        let found = check(&facts);
        assert!(
            found.iter().any(|violation| violation.id == "AUTH-5"),
            "{token:?}"
        );
    }
}

#[test]
fn counts_that_never_act_are_refused_res_6_res_7() {
    for (id, key) in [
        ("RES-6", "server.http.rate_limit.requests_per_second"),
        ("RES-6", "server.http.rate_limit.burst"),
        ("RES-7", "server.http.load_shed.max_in_flight"),
    ] {
        refused(id, key, json!({ key: u32::MAX }));
        accepted(json!({ key: 1_000 }));
    }
}

#[test]
fn a_public_admin_listener_without_a_token_is_refused_auth_5() {
    refused(
        "AUTH-5",
        "admin.addr",
        json!({ "admin.addr": "0.0.0.0:9900" }),
    );
    refused("AUTH-5", "admin.addr", json!({ "admin.addr": "[::]:9900" }));
    accepted(json!({ "admin.addr": "127.0.0.1:9900" }));
    accepted(json!({ "admin.addr": "[::1]:9900" }));
    let mut guarded = facts(json!({ "admin.addr": "0.0.0.0:9900" }));
    guarded.insert_secret("admin.token", "8h2kD9s0fj2kLm3nQ5rT7vX9zB1cE4gH", false);
    assert_eq!(check(&guarded), []);
}

#[test]
fn rate_limits_that_are_off_or_fail_open_are_refused_res_6() {
    refused(
        "RES-6",
        "server.http.rate_limit.enabled",
        json!({ "server.http.rate_limit.enabled": false }),
    );
    refused(
        "RES-6",
        "server.http.rate_limit.on_failure",
        json!({ "server.http.rate_limit.on_failure": "open" }),
    );
    accepted(
        json!({ "server.http.rate_limit.enabled": true, "server.http.rate_limit.on_failure": "closed" }),
    );
}

#[test]
fn limits_too_wide_to_act_are_refused_res_3_sec_3_life_4() {
    refused(
        "RES-3",
        "server.http.timeout",
        json!({ "server.http.timeout": "2h" }),
    );
    refused(
        "SEC-3",
        "server.http.body_limit",
        json!({ "server.http.body_limit": "10GiB" }),
    );
    refused(
        "LIFE-4",
        "lifecycle.total",
        json!({ "lifecycle.total": "1h" }),
    );
    accepted(
        json!({ "server.http.timeout": "30s", "server.http.body_limit": "2MiB", "lifecycle.total": "30s" }),
    );
}

#[test]
fn refuses_body_budget_over_half_of_memory_limit_sec_3() {
    let check_with = |budget: &str, memory: Option<u32>| {
        let mut facts = facts(json!({ "server.body_budget": budget }));
        facts.set_memory_limit(memory.map(ByteSize::mebibytes));
        check(&facts)
    };
    assert_eq!(check_with("64MiB", Some(256)), []);
    assert_eq!(check_with("128MiB", Some(256)), []);
    assert_eq!(check_with("10GiB", None), []);
    let found = check_with("129MiB", Some(256));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        (found[0].id, &*found[0].key),
        ("SEC-3", "server.body_budget")
    );
}

#[test]
fn links_to_other_machines_without_encryption_are_refused_sec_1() {
    for url in [
        "postgres://app@db.internal:5432/orders",
        "postgres://app@db.internal/orders?sslmode=disable",
        "mysql://app@10.0.0.7/orders",
        "redis://cache.internal:6379",
        "amqp://app@broker.internal",
        "nats://broker.internal:4222",
        "redis+sentinel://user:pw@10.0.0.1,10.0.0.2/orders",
        "redis+cluster://10.0.0.1:6379,10.0.0.2:6379",
        "redis+sentinel://127.0.0.1,10.0.0.1/x",
        "redis://[2001:db8::1]:6379",
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
        "REDIS://cache.internal",
    ] {
        refused(
            "SEC-1",
            "orders.database_url",
            json!({ "orders.database_url": url }),
        );
    }
    for url in [
        "postgres://app@db.internal/orders?sslmode=verify-full",
        "mysql://app@db.internal/orders?ssl-mode=VERIFY_IDENTITY",
        "rediss://cache.internal:6379",
        "amqps://app@broker.internal",
        "rediss+sentinel://10.0.0.1,10.0.0.2/orders",
        "postgres://app@db.internal/orders?application_name=a&sslmode=VERIFY-FULL",
        "app:pw@tcp(db.internal:3306)/orders?tls=true",
        "smtps://mail.internal",
        "/a/path",
    ] {
        accepted(json!({ "orders.database_url": url }));
    }
}

#[test]
fn stores_on_this_machine_are_refused_unless_allowed_conf_7() {
    for url in [
        "sqlite:data/orders.db",
        "memory:",
        "postgres://app@localhost/orders?sslmode=require",
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
fn an_unencrypted_link_to_this_machine_is_no_leak_sec_1() {
    accepted(json!({ "database.url": "postgres://app@localhost/orders", "allow_embedded": true }));
}

#[test]
fn migrations_at_start_are_refused_data_2() {
    refused(
        "DATA-2",
        "database.migrate_at_start",
        json!({ "database.migrate_at_start": true }),
    );
    accepted(json!({ "database.migrate_at_start": false }));
}

#[test]
fn detailed_log_levels_are_refused_obs_1() {
    refused("OBS-1", "log.level", json!({ "log.level": "debug" }));
    refused(
        "OBS-1",
        "log.targets.hyper",
        json!({ "log.targets.hyper": "trace" }),
    );
    accepted(json!({ "log.level": "info", "log.targets.hyper": "warn" }));
}

#[test]
fn secrets_written_out_are_refused_without_being_shown_conf_5() {
    let mut inline = Facts::default();
    let setting = Setting {
        value: "***".into(),
        origin: "config.production.yaml:9:13".into(),
        is_default: false,
        is_inline_secret: true,
        is_browser_address: false,
        is_link: false,
    };
    inline.insert("mail.password", setting);
    let found = check(&inline);
    assert_eq!(
        (found[0].id, found[0].key.as_str()),
        ("CONF-5", "mail.password")
    );
    assert!(text(&found).contains("config.production.yaml:9:13"));
}

#[test]
fn token_secrets_that_can_be_guessed_are_refused_auth_1() {
    for secret in [
        "",
        "short",
        "changeme-changeme-changeme-changeme",
        "your-256-bit-secret-your-256-bit-secret",
        &"a".repeat(64),
    ] {
        let mut facts = Facts::default();
        facts.insert_secret("auth.jwt.secret", secret, true);
        let found = check(&facts);
        assert_eq!(
            found
                .iter()
                .map(|violation| violation.id)
                .collect::<Vec<_>>(),
            ["AUTH-1"],
            "{secret}"
        );
        assert!(secret.is_empty() || !text(&found).contains(secret));
    }
    let mut strong = Facts::default();
    strong.insert_secret(
        "auth.jwt.secret",
        "Vq3x9ZrT0bLw8sYdK2mNf6hJc1pGaEuR7tXo",
        true,
    );
    assert_eq!(check(&strong), []);
}

#[test]
fn the_report_names_key_reason_and_fix_in_both_formats_conf_3() {
    let found = check(&facts(json!({ "log.level": "trace" })));
    let text = text(&found);
    assert!(
        text.contains("OBS-1")
            && text.contains("log.level")
            && text.contains("why:")
            && text.contains("fix:"),
        "{text}"
    );
    assert_eq!(json(&found)["violations"][0]["id"], "OBS-1");
}

#[test]
fn mail_that_is_kept_or_goes_unencrypted_is_refused_conf_7() {
    refused("CONF-7", "mail.url", json!({ "mail.url": "mailbox:" }));
    refused(
        "CONF-7",
        "mail.url",
        json!({ "mail.url": "mailbox:", "allow_embedded": true }),
    );
    refused(
        "SEC-1",
        "mail.allow_plaintext",
        json!({ "mail.allow_plaintext": true }),
    );
    refused(
        "SEC-1",
        "letters.allow_plaintext",
        json!({ "letters.allow_plaintext": true }),
    );
    accepted(json!({ "mail.url": "smtp://mail.example.org", "mail.allow_plaintext": false }));
}

#[test]
fn browser_addresses_need_tls_and_a_public_host_sec_2() {
    let refused = |value: Value, enabled: Value| {
        let mut facts = facts(json!({ "page.enabled": enabled }));
        let setting = Setting {
            value,
            origin: "default".into(),
            is_default: true,
            is_inline_secret: false,
            is_browser_address: true,
            is_link: false,
        };
        facts.insert("page.origins", setting);
        check(&facts)
            .into_iter()
            .map(|violation| (violation.id, violation.key))
            .collect::<Vec<_>>()
    };
    let one = [("SEC-2", "page.origins".to_owned())];
    for address in [
        "http://events.example.org",
        "http://localhost:3000",
        "https://localhost",
        "https://LOCALHOST.:8443",
        "https://app.localhost",
        "https://127.0.0.1:8080/verify?token=",
        "https://127.1",
        "https://[::1]:8080",
        "https://[::ffff:127.0.0.1]",
        "https://0.0.0.0",
    ] {
        assert_eq!(refused(json!(address), json!(true)), one, "{address}");
        assert_eq!(refused(json!([address]), json!(true)), one, "{address}");
        assert_eq!(refused(json!([address]), json!(false)), [], "{address}");
    }
    for address in [
        "https://events.example.org",
        "https://localhost.example.org:8443",
        "*",
        "",
    ] {
        assert_eq!(refused(json!(address), json!(true)), [], "{address}");
    }
    assert_eq!(refused(json!(null), json!(true)), []);
}

#[test]
fn link_is_known_by_its_type_whatever_its_name_sec_1() {
    let mut declared = Facts::default();
    let setting = Setting {
        value: "redis://cache.internal".into(),
        origin: "config.yaml:3:5".into(),
        is_default: false,
        is_inline_secret: false,
        is_browser_address: false,
        is_link: true,
    };
    let of = |value: &str| Setting {
        value: value.into(),
        ..setting.clone()
    };
    declared.insert("orders.cache", setting.clone());
    let name = Setting {
        is_link: false,
        ..setting.clone()
    };
    declared.insert("orders.name", name);
    declared.insert_item("orders.brokers", of("amqps://a.internal"));
    declared.insert_item("orders.brokers", of("amqp://b.internal"));
    let found: Vec<_> = check(&declared)
        .into_iter()
        .map(|violation| (violation.id, violation.key))
        .collect();
    assert_eq!(
        found,
        [
            ("SEC-1", "orders.brokers".to_owned()),
            ("SEC-1", "orders.cache".to_owned())
        ]
    );
}

#[test]
fn link_in_a_secret_is_refused_without_being_shown_sec_1() {
    let mut facts = Facts::default();
    for (key, secret) in [
        (
            "rate_limit.redis.address",
            "redis://app:hunter2@cache.internal",
        ),
        ("other.address", "rediss://app:hunter2@cache.internal"),
        ("local.address", "redis://127.0.0.1"),
    ] {
        facts.insert_secret(key, secret, false);
    }
    let found = check(&facts);
    let keys: Vec<_> = found
        .iter()
        .map(|found| (found.id, found.key.as_str()))
        .collect();
    assert_eq!(keys, [("SEC-1", "rate_limit.redis.address")]);
    let text = text(&found);
    assert!(
        !text.contains("hunter2") && !text.contains("cache.internal"),
        "{text}"
    );
}

#[test]
fn sample_of_any_secret_is_refused_conf_5() {
    for key in [
        "service_calls.secret",
        "anonymous.secret",
        "audit_log.key",
        "database.password",
        "oidc.cookie",
    ] {
        for (sample, is_key) in [
            ("changeme-now", true),
            ("changeme-now", false),
            ("xxxxxxxx", false),
        ] {
            let mut facts = Facts::default();
            facts.insert_secret(key, sample, is_key);
            let found = check(&facts);
            let expected = if is_key { "AUTH-1" } else { "CONF-5" };
            let ids: Vec<_> = found.iter().map(|found| found.id).collect();
            assert_eq!(ids, [expected], "{key}");
            assert!(!text(&found).contains(sample));
        }
    }
    let mut good = Facts::default();
    good.insert_secret("database.password", "kX9-pT4", false);
    good.insert_secret("mail.password", "", false);
    assert_eq!(check(&good), []);
    let mut short = Facts::default();
    short.insert_secret("audit_log.key", "kX9-pT4", true);
    assert_eq!(check(&short)[0].id, "AUTH-1");
}
