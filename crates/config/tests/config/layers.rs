//! The precedence of layers and the types of values (CONF-1, CONF-2).

use seaworthy_config::{Environment, Profile};
use seaworthy_core::{ByteSize, Timeout};

use crate::settings::{Framework, Hello, Level, Limit, Store, directory, loader, schema};

#[test]
fn later_layers_override_and_values_have_origins_conf_1() {
    let directory = directory(&[
        (
            "config.yaml",
            "server:\n  http:\n    timeout: 1s\n    connections: 1\n    max_body: 1KiB\n    origins: [a]\n",
        ),
        (
            "config.staging.yaml",
            "server:\n  http:\n    connections: 2\n    max_body: 2KiB\n    origins: [b, c]\n",
        ),
    ]);
    let loaded = loader(&directory)
        .profile(Profile::Staging)
        .environment(Environment::from([
            ("HELLO__SERVER__HTTP__MAX_BODY", "3KiB"),
            ("HELLO__SERVER__HTTP__ORIGINS", "d, e"),
        ]))
        .overrides(["server.http.origins=[\"f\"]"])
        .load(&schema())
        .unwrap();
    let http = loaded.get::<Framework>().unwrap().server.http;
    assert_eq!(http.addr.port(), 8000);
    assert_eq!(http.timeout, Timeout::from_secs(1));
    assert_eq!(http.connections, 2);
    assert_eq!(http.max_body, ByteSize::kibibytes(3));
    assert_eq!(http.origins, ["f"]);
    let origin = |key: &str| {
        let origin = loaded.origin(key).unwrap().to_string();
        origin.replace(&format!("{}/", directory.path().display()), "")
    };
    assert_eq!(origin("server.http.addr"), "default");
    assert_eq!(origin("server.http.timeout"), "config.yaml:3:14");
    assert_eq!(
        origin("server.http.connections"),
        "config.staging.yaml:3:18"
    );
    assert_eq!(
        origin("server.http.max_body"),
        "env HELLO__SERVER__HTTP__MAX_BODY"
    );
    assert_eq!(origin("server.http.origins"), "--set server.http.origins");
    assert_eq!(loaded.origin("server.htp"), None);
}

#[test]
fn service_overrides_defaults_and_variable_names_conf_1() {
    let directory = directory(&[("config.yaml", "server:\n  http:\n    connections: 1\n")]);
    let own = schema()
        .with_default("server.http.addr", "127.0.0.1:8001")
        .with_variable("CONNECTIONS", "server.http.connections")
        .with_variable("TIMEOUT", "server.http.timeout");
    let loaded = loader(&directory)
        .environment(Environment::from([
            ("CONNECTIONS", "2"),
            ("TIMEOUT", "3s"),
            ("HELLO__SERVER__HTTP__TIMEOUT", "4s"),
        ]))
        .load(&own)
        .unwrap();
    let http = loaded.get::<Framework>().unwrap().server.http;
    assert_eq!(http.addr.port(), 8001);
    assert_eq!(http.connections, 2);
    assert_eq!(http.timeout, Timeout::from_secs(4));
    let origin = loaded.origin("server.http.connections").unwrap();
    assert_eq!(origin.to_string(), "env CONNECTIONS");
    let docs = own.docs("hello");
    assert!(
        docs.contains("`HELLO__SERVER__HTTP__CONNECTIONS`, `CONNECTIONS`"),
        "{docs}"
    );
    assert!(docs.contains("`127.0.0.1:8001`"), "{docs}");

    for wrong in [
        schema().with_default("server.htp.addr", "127.0.0.1:8001"),
        schema().with_variable("CONNECTIONS", "server.http.connexions"),
    ] {
        let refused = loader(&directory).load(&wrong).unwrap_err().to_string();
        assert!(refused.contains("which is not a key"), "{refused}");
    }
}

#[test]
fn another_variant_of_an_enum_replaces_the_whole_value_conf_1() {
    let directory = directory(&[(
        "config.yaml",
        "store:\n  kind: redis\n  url: redis://cache:6379\n",
    )]);
    let hello = loader(&directory)
        .load(&schema())
        .unwrap()
        .get::<Hello>()
        .unwrap();
    assert_eq!(
        hello.store,
        Store::Redis {
            url: "redis://cache:6379".to_owned(),
            database: 0
        }
    );
}

#[test]
fn variables_set_maps_enums_and_optional_values_conf_1() {
    let directory = directory(&[("config.yaml", "limits:\n  Echo-It: { rate: 1 }\n")]);
    let loaded = loader(&directory)
        .environment(Environment::from([
            ("HELLO__LIMITS__ECHO_IT__RATE", "5"),
            ("HELLO__LIMITS__NEW__RATE", "6"),
            ("HELLO__LOG__LEVEL", "warn"),
            ("HELLO__STORE__ENTRIES", "7"),
            ("HELLO__FAREWELL", "007"),
            ("HELLO_PORT", "tcp://10.0.0.1"),
        ]))
        .load(&schema())
        .unwrap();
    let hello = loaded.get::<Hello>().unwrap();
    assert_eq!(hello.limits["Echo-It"], Limit { rate: 5 });
    assert_eq!(hello.limits["new"], Limit { rate: 6 });
    assert_eq!(hello.store, Store::Memory { entries: 7 });
    assert_eq!(hello.farewell.as_deref(), Some("007"));
    assert_eq!(loaded.get::<Framework>().unwrap().log.level, Level::Warn);
}
