//! Attempts of guests to reach what the operator did not grant.

use std::net::TcpListener;

use seaworthy_plugins::{Capability, GrantConfig, HookCall, HookPoint, PluginErrorCode, pack};

use crate::{
    app::{App, Setup},
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

/// Interfaces of plugins whose capability is not granted, or whose version is another one.
const OWN: [&str; 7] = [
    "seaworthy:plugin/log@0.1.0",
    "seaworthy:plugin/clock@0.1.0",
    "seaworthy:plugin/configuration@0.1.0",
    "seaworthy:plugin/key-value@0.1.0",
    "seaworthy:plugin/http@0.1.0",
    "seaworthy:plugin/clock@0.2.0",
    "seaworthy:plugin/admin@0.1.0",
];

#[tokio::test(flavor = "multi_thread")]
async fn interfaces_without_a_grant_cannot_be_imported_plug_2() {
    let app = Setup::new()
        .config(|config| config.auto_load = Some(false))
        .start()
        .await
        .unwrap();
    let own = OWN.iter().map(|interface| (*interface, "get"));
    let attempts = FOREIGN.iter().copied().chain(own);
    for (number, (interface, function)) in attempts.enumerate() {
        let text = format!(
            "(component (import \"{interface}\" (instance (export \"{function}\" (func)))))"
        );
        let name = format!("escape-{number}");
        let folder = app.folder.path().join("plugins");
        let component = wat::parse_str(text).unwrap();
        guest::write(&folder, &name, "", &component, &app.key);
        let refused = app.plugins.load(&name).await.unwrap_err();
        assert_eq!(refused.code(), PluginErrorCode::LoadFailed, "{interface}");
        let text = seaworthy_core::error_chain(&refused).to_string();
        assert!(text.contains("does not request"), "{interface}: {text}");
    }
    // A core module with WASI of the first version is no component.
    let module = "(module (import \"wasi_snapshot_preview1\" \"path_open\" (func)))";
    let packed = pack(
        module.as_bytes(),
        seaworthy_plugins::Interface::V0_1,
        "request-hook",
    );
    assert!(packed.is_err());
}

/// Calls the hook of a guest, and returns the failures.
async fn failures(app: &App) -> String {
    let report = app
        .plugins
        .run_hooks(HookPoint::BeforeBiz, HookCall::new())
        .await
        .unwrap();
    let failed = report.failed.into_iter().map(|(_, problem)| problem);
    failed.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_another_plugin_are_not_visible_plug_2() {
    let grant = || GrantConfig {
        capabilities: vec![Capability::KeyValue],
        ..GrantConfig::default()
    };
    let more = format!("capabilities = [\"key_value\"]\n{HOOK}");
    let import = |guest: Guest| {
        guest
            .import("key-value", "get", "(param i32 i32 i32)")
            .import("key-value", "set", "(param i32 i32 i32 i32 i32)")
            .with_text(1024, "key")
    };
    let set = "(call $set (i32.const 1024) (i32.const 3) (i32.const 1024) (i32.const 3) (i32.const 600)) (i32.const 16)";
    // Traps if the key exists.
    let get = "(call $get (i32.const 1024) (i32.const 3) (i32.const 600))
        (if (i32.load8_u (i32.const 600)) (then unreachable)) (i32.const 16)";
    let own = "(call $get (i32.const 1024) (i32.const 3) (i32.const 600))
        (if (i32.eqz (i32.load8_u (i32.const 600))) (then unreachable)) (i32.const 16)";
    let app = Setup::new()
        .config(|config| {
            for name in ["a-writer", "b-reader"] {
                config.grants.insert(name.to_owned(), grant());
            }
        })
        .plugin("a-writer", &more, &import(Guest::hook(set)))
        .plugin("b-reader", &more, &import(Guest::hook(get)))
        .start()
        .await
        .unwrap();
    assert_eq!(failures(&app).await, "");
    // The writer itself reads its key after a reload of the reader only.
    app.replace("b-reader", &more, &import(Guest::hook(own)));
    app.plugins.reload("b-reader").await.unwrap();
    assert!(failures(&app).await.contains("unreachable"));
}

/// A guest that requests a URL, and returns the rejection as its failure. A response is "sent".
fn requesting(url: &str) -> Guest {
    let length = url.len();
    let body = format!(
        "(call $send (i32.const 1024) (i32.const 3) (i32.const 1100) (i32.const {length})
           (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 600))
         (if (result i32) (i32.load8_u (i32.const 600))
           (then
             (i32.store (i32.const 516) (i32.load (i32.const 604)))
             (i32.store (i32.const 520) (i32.load (i32.const 608)))
             (i32.const 512))
           (else (i32.const 528)))"
    );
    Guest::hook(&body)
        .import("http", "send", &format!("(param {})", "i32 ".repeat(9)))
        .with_words(512, &[1, 0, 0])
        .with_words(528, &[1, 1040, 4])
        .with_text(1024, "GET")
        .with_text(1040, "sent")
        .with_text(1100, url)
}

fn granted(hosts: &[&str], internal_addresses: bool) -> GrantConfig {
    GrantConfig {
        capabilities: vec![Capability::Http],
        http_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        internal_addresses,
    }
}

fn http_setup(grant: GrantConfig, url: &str, timeout: &str) -> Setup {
    let more = format!(
        "capabilities = [\"http\"]\n{}",
        HOOK.replace("\"1s\"", &format!("\"{timeout}\""))
    );
    Setup::new()
        .config(|config| {
            // Each reload calls the guest, and a loaded machine uses more than the default share.
            config.security.max_cpu_percent = Some(100);
            config.grants.insert("evil".to_owned(), grant);
        })
        .plugin("evil", &more, &requesting(url))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_granted_public_hosts_are_reached_plug_2() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let app = http_setup(granted(&["granted.test"], false), "/", "1s")
        .start()
        .await
        .unwrap();
    let more = format!("capabilities = [\"http\"]\n{HOOK}");
    for url in [
        "file:///etc/passwd",
        "http://other.test/",
        "http://granted.test.other.test/",
        "http://granted.test@other.test/",
        "http://other.test\\@granted.test/",
        "http://other.test#@granted.test/",
        "http://xgranted.test/",
        &format!("http://127.0.0.1:{port}/"),
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
    ] {
        app.replace("evil", &more, &requesting(url));
        app.plugins.reload("evil").await.unwrap();
        let problem = failures(&app).await;
        let refused = ["is not granted", "not valid"];
        assert!(
            refused.iter().any(|part| problem.contains(part)),
            "{url}: {problem}"
        );
    }
    // A granted host with an internal address is rejected, too.
    let url = format!("http://127.0.0.1:{port}/");
    let app = http_setup(granted(&["127.0.0.1"], false), &url, "1s");
    let problem = failures(&app.start().await.unwrap()).await;
    assert!(problem.contains("not a public address"), "{problem}");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "a guest connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_request_ends_at_the_timeout_plug_2() {
    // Accepts connections, and never responds.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let app = http_setup(granted(&["127.0.0.1"], true), &url, "100ms")
        .start()
        .await
        .unwrap();
    let begun = std::time::Instant::now();
    let problem = failures(&app).await;
    assert!(problem.contains("timeout of 100ms"), "{problem}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
    // The connection is closed.
    let (mut connection, _) = listener.accept().unwrap();
    let read = std::io::Read::read_to_end(&mut connection, &mut Vec::new());
    assert!(read.is_ok(), "{read:?}");
    assert_eq!(app.orders().0, 200, "the service goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn host_header_does_not_reach_another_site_plug_2() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/");
    let length = url.len();
    // One header: host = "other.test".
    let body = format!(
        "(call $send (i32.const 1024) (i32.const 3) (i32.const 1100) (i32.const {length})
           (i32.const 700) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 600))
         (i32.const 16)"
    );
    let guest = Guest::hook(&body)
        .import("http", "send", &format!("(param {})", "i32 ".repeat(9)))
        .with_words(700, &[1050, 4, 1060, 10])
        .with_text(1024, "GET")
        .with_text(1050, "HoSt")
        .with_text(1060, "other.test")
        .with_text(1100, &url);
    let more = format!("capabilities = [\"http\"]\n{HOOK}");
    let app = http_setup(granted(&["127.0.0.1"], true), "/", "1s")
        .plugin("evil", &more, &guest)
        .start()
        .await
        .unwrap();
    let plugins = app.plugins.clone();
    let call = tokio::spawn(async move {
        let call = plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        call.await.unwrap()
    });
    call.await.unwrap();
    listener.set_nonblocking(true).unwrap();
    if let Ok((mut connection, _)) = listener.accept() {
        connection.set_nonblocking(false).unwrap();
        let mut request = Vec::new();
        drop(std::io::Read::read_to_end(&mut connection, &mut request));
        let request = String::from_utf8_lossy(&request).to_ascii_lowercase();
        assert!(!request.contains("other.test"), "{request}");
    }
}
