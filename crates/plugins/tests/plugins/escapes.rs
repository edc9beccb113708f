//! Attempts of guests to reach what the operator did not grant.

use seaworthy_plugins::{Capability, HookCall, HookPoint, PluginErrorCode, pack};

use crate::{
    app::{Setup, TestApp},
    guest::{self, Guest},
};

const HOOK: &str = "[[hooks]]\nname = \"attack\"\npoint = \"before_biz\"\ntimeout = \"1s\"\n";

/// Interfaces of WASI and of other hosts, with functions that reach files, sockets, processes,
/// clocks, the environment and randomness.
const FOREIGN: [(&str, &str); 20] = [
    ("wasi:filesystem/preopens@0.2.0", "get-directories"),
    ("wasi:filesystem/types@0.2.0", "filesystem-error-code"),
    ("wasi:sockets/instance-network@0.2.0", "instance-network"),
    ("wasi:sockets/tcp-create-socket@0.2.0", "create-tcp-socket"),
    ("wasi:sockets/udp-create-socket@0.2.0", "create-udp-socket"),
    ("wasi:sockets/ip-name-lookup@0.2.0", "resolve-addresses"),
    ("wasi:http/outgoing-handler@0.2.0", "handle"),
    ("wasi:cli/environment@0.2.0", "get-environment"),
    ("wasi:cli/environment@0.2.0", "get-arguments"),
    ("wasi:cli/exit@0.2.0", "exit"),
    ("wasi:cli/stdin@0.2.0", "get-stdin"),
    ("wasi:cli/stdout@0.2.0", "get-stdout"),
    ("wasi:cli/run@0.2.0", "run"),
    ("wasi:clocks/monotonic-clock@0.2.0", "now"),
    ("wasi:clocks/wall-clock@0.2.0", "now"),
    ("wasi:random/random@0.2.0", "get-random-u64"),
    ("wasi:random/insecure-seed@0.2.0", "insecure-seed"),
    ("wasi:io/poll@0.2.0", "poll"),
    ("wasi:logging/logging", "log"),
    ("other:host/memory", "read"),
];

/// Interfaces that the host does not serve to a plugin of the version `0.1.0`.
const OTHER: [(&str, &str); 3] = [
    ("seaworthy:plugin/bus@0.1.0", "publish"),
    ("seaworthy:plugin/clock@0.2.0", "now"),
    ("seaworthy:plugin/admin@0.1.0", "get"),
];

/// The functions of the capabilities, with their types in a core module.
const OWN: [(Capability, &str, &str, &str); 5] = [
    (Capability::Log, "log", "write", "(param i32 i32 i32)"),
    (Capability::Clock, "clock", "now", "(result i64)"),
    (
        Capability::Config,
        "configuration",
        "get",
        "(param i32 i32 i32)",
    ),
    (
        Capability::KeyValue,
        "key-value",
        "delete",
        "(param i32 i32)",
    ),
    (
        Capability::Http,
        "http",
        "send",
        "(param i32 i32 i32 i32 i32 i32 i32 i32 i32)",
    ),
];

/// Expects that the load of a component fails because of its imports.
async fn expect_rejection(app: &TestApp, name: &str, component: &[u8], what: &str) {
    let folder = app.folder.path().join("plugins");
    guest::write(&folder, name, "", component, &app.key);
    let refused = app.plugins.load(name).await.unwrap_err();
    assert_eq!(refused.code(), PluginErrorCode::LoadFailed, "{what}");
    let text = seaworthy_core::error_chain(&refused).to_string();
    let problem = format!(
        "plugin \"{name}\": the component imports an interface that the manifest does not request: "
    );
    assert!(text.starts_with(&problem), "{what}: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_interfaces_cannot_be_imported_plug_2() {
    let app = Setup::new()
        .config(|config| config.auto_load = Some(false))
        .start()
        .await
        .unwrap();
    let attempts = FOREIGN.iter().chain(&OTHER);
    for (number, (interface, function)) in attempts.enumerate() {
        let text = format!(
            "(component (import \"{interface}\" (instance (export \"{function}\" (func)))))"
        );
        let component = wat::parse_str(text).unwrap();
        expect_rejection(&app, &format!("escape-{number}"), &component, interface).await;
    }
    // `pack` rejects a core module with imports of WASI 0.1.
    let module = "(module (import \"wasi_snapshot_preview1\" \"path_open\" (func)))";
    let packed = pack(
        module.as_bytes(),
        seaworthy_plugins::Interface::V0_1,
        seaworthy_plugins::World::RequestHook,
    );
    assert!(packed.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn own_interfaces_need_their_capability_plug_2() {
    let mut setup = Setup::new().config(|config| config.auto_load = Some(false));
    for (number, (capability, ..)) in OWN.iter().enumerate() {
        setup = setup.grant(&format!("own-{number}"), &[*capability]);
    }
    let app = setup.start().await.unwrap();
    for (number, (capability, interface, function, signature)) in OWN.iter().enumerate() {
        let guest = Guest::quiet().import(interface, function, signature);
        expect_rejection(&app, &format!("escape-{number}"), &guest.build(), interface).await;
        // The same component with the capability is loaded.
        let name = format!("own-{number}");
        let more = format!("capabilities = [\"{}\"]\n", capability.as_str());
        app.replace(&name, &more, &guest);
        app.plugins.load(&name).await.unwrap();
    }
}

/// Calls the hooks and returns their problems.
pub(crate) async fn failures(app: &TestApp) -> String {
    let report = app
        .plugins
        .run_hooks(HookPoint::BeforeBiz, HookCall::new())
        .await
        .unwrap();
    let failed = report.failed.into_iter().map(|(_, problem)| problem);
    failed.collect()
}

/// Writes the key if it is missing, and fails. Otherwise traps unless the value is "key".
const WRITE: &str = "(call $get (i32.const 1024) (i32.const 3) (i32.const 600))
    (if (result i32) (i32.load8_u (i32.const 600))
      (then
        (if (i32.ne (i32.load (i32.const 608)) (i32.const 3)) (then unreachable))
        (if (i32.ne (i32.load8_u (i32.load (i32.const 604))) (i32.const 107)) (then unreachable))
        (i32.const 16))
      (else
        (call $set (i32.const 1024) (i32.const 3) (i32.const 1024) (i32.const 3) (i32.const 600))
        (i32.const 512)))";
/// Traps if the key exists.
const READ: &str = "(call $get (i32.const 1024) (i32.const 3) (i32.const 600))
    (if (i32.load8_u (i32.const 600)) (then unreachable)) (i32.const 16)";

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_visible_to_their_plugin_only_plug_2() {
    let more = format!("capabilities = [\"key_value\"]\n{HOOK}");
    let guest = |body| {
        Guest::hook(body)
            .import("key-value", "get", "(param i32 i32 i32)")
            .import("key-value", "set", "(param i32 i32 i32 i32 i32)")
            .with_words(512, &[1, 1040, 7])
            .with_text(1024, "key")
            .with_text(1040, "written")
    };
    let app = Setup::new()
        .grant("a-writer", &[Capability::KeyValue])
        .grant("b-reader", &[Capability::KeyValue])
        .plugin("a-writer", &more, &guest(WRITE))
        .plugin("b-reader", &more, &guest(READ))
        .start()
        .await
        .unwrap();
    // The reader runs after the writer, and does not find the key.
    assert_eq!(failures(&app).await, "written");
    // The writer finds its own key in a later call.
    assert_eq!(failures(&app).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_of_a_guest_has_steps_of_ten_milliseconds_plug_2() {
    // Traps at other times, and at times before the year 2020.
    let body = "(local $now i64) (local.set $now (call $now))
        (if (i32.wrap_i64 (i64.rem_u (local.get $now) (i64.const 10))) (then unreachable))
        (if (i64.lt_u (local.get $now) (i64.const 1577836800000)) (then unreachable))
        (i32.const 16)";
    let guest = Guest::hook(body).import("clock", "now", "(result i64)");
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .grant("evil", &[Capability::Clock])
        .plugin(
            "evil",
            &format!("capabilities = [\"clock\"]\n{HOOK}"),
            &guest,
        )
        .start()
        .await
        .unwrap();
    // A clock with smaller steps shows in one of these milliseconds.
    let mut digits = std::collections::BTreeSet::new();
    while digits.len() < 5 {
        digits.insert(chrono::Utc::now().timestamp_millis() % 10);
        assert_eq!(failures(&app).await, "");
    }
}
