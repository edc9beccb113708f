//! Attempts of guests to reach what the operator did not grant.

mod list;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpListener,
};

use list::ATTEMPTS;
use seaworthy_core::error_chain;
use seaworthy_plugins::{
    Capability, GrantConfig, HookCall, HookPoint, Interface, PluginErrorCode, World, pack,
};

use crate::{
    app::{Setup, TestApp, granted},
    guest::{self, Guest},
    requests::requesting,
    server::respond,
};

const HOOK: &str = "[[hooks]]\nname = \"attack\"\npoint = \"before_biz\"\ntimeout = \"20s\"\n";

/// An escape attempt of a guest.
enum Attempt {
    /// Imports a function that the host does not serve to a plugin of the interface `0.1.0`.
    Import(&'static str, &'static str),
    /// Imports a function in a core module.
    CoreImport(&'static str, &'static str),
    /// Uses a capability that is granted, and that the manifest does not request.
    NotRequested(Capability),
    /// Uses a capability that the manifest requests, and that is not granted.
    NotGranted(Capability),
    /// Is loaded from a folder that is not in the folder of plugins.
    Folder(&'static str),
    /// Requests a URL with the grant of `granted.test` and `port.test:8080`. It fails with the
    /// text.
    Request(&'static str, &'static str),
    /// Requests a granted host whose address is internal.
    InternalAddress,
    /// Is redirected by a granted host to an internal address.
    Redirect,
    /// Reads a key that another plugin set.
    OtherKeys,
    /// Reads the memory of an earlier call, which may be one for another tenant.
    EarlierCall,
    /// Reads a time that is not a multiple of ten milliseconds.
    FineClock,
}

/// The capabilities, each with the version of the interface that has it, and a function with its
/// type in a core module.
const CAPABILITIES: [(Capability, &str, &str, &str, &str); 6] = [
    (
        Capability::Log,
        "0.1.0",
        "log",
        "write",
        "(param i32 i32 i32)",
    ),
    (Capability::Clock, "0.1.0", "clock", "now", "(result i64)"),
    (
        Capability::Config,
        "0.1.0",
        "configuration",
        "get",
        "(param i32 i32 i32)",
    ),
    (
        Capability::KeyValue,
        "0.1.0",
        "key-value",
        "delete",
        "(param i32 i32)",
    ),
    (
        Capability::Http,
        "0.1.0",
        "http",
        "send",
        "(param i32 i32 i32 i32 i32 i32 i32 i32 i32)",
    ),
    (
        Capability::Events,
        "0.3.0",
        "bus",
        "publish",
        "(param i32 i32 i32 i32 i32 i32 i32)",
    ),
];

/// Returns a guest with the function of a capability, and the lines of its manifest.
fn using(capability: Capability) -> (String, Guest) {
    let mut all = CAPABILITIES.iter();
    let &(_, since, ..) = all.find(|own| own.0 == capability).unwrap();
    using_in(since, capability)
}

/// As [`using`], with a version of the interface.
fn using_in(api: &'static str, capability: Capability) -> (String, Guest) {
    let mut all = CAPABILITIES.iter();
    let &(_, _, interface, function, signature) = all.find(|own| own.0 == capability).unwrap();
    let guest = Guest::quiet()
        .version(api)
        .import(interface, function, signature);
    (format!("api = \"{api}\"\n"), guest)
}

fn requested(capability: Capability) -> String {
    format!("capabilities = [\"{}\"]\n", capability.as_str())
}

/// Returns the grant of requests to hosts.
fn hosts(hosts: &[&str], internal_addresses: bool) -> GrantConfig {
    GrantConfig {
        http_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        internal_addresses,
        ..granted(&[Capability::Http])
    }
}

fn expect(actual: String, expected: &str) -> Result<(), String> {
    match actual == expected {
        true => Ok(()),
        false => Err(actual),
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

/// A service with hostile plugins, and an internal server that they must not reach.
struct Target {
    app: TestApp,
    internal: TcpListener,
}

impl Target {
    async fn start() -> Self {
        let internal = TcpListener::bind("127.0.0.1:0").unwrap();
        internal.set_nonblocking(true).unwrap();
        let all = CAPABILITIES.map(|(capability, ..)| capability);
        let app = Setup::new()
            .config(|config| {
                config.auto_load = Some(false);
                config.security.max_cpu_percent = Some(100);
                for (plugin, grant) in [
                    ("granted", granted(&all)),
                    ("client", hosts(&["granted.test", "port.test:8080"], false)),
                    ("internal", hosts(&["127.0.0.1"], false)),
                    ("redirected", hosts(&["127.0.0.1"], true)),
                ] {
                    config.grants.insert(plugin.to_owned(), grant);
                }
            })
            .start()
            .await
            .unwrap();
        let beside = app.folder.path();
        guest::write(beside, "outside", "", &Guest::quiet().build(), &app.key);
        Self { app, internal }
    }

    /// Makes an attempt. Fails if it succeeds, or if it is rejected for another reason.
    async fn attempt(&self, attempt: &Attempt) -> Result<(), String> {
        const NOT_SERVED: &str =
            "the component imports an interface that the manifest does not request: ";
        let folder = self.app.folder.path().join("plugins");
        match *attempt {
            Attempt::Import(interface, function) => {
                let text = format!(
                    "(component (import \"{interface}\" (instance (export \"{function}\" (func)))))"
                );
                let component = wat::parse_str(text).unwrap();
                guest::write(&folder, "importing", "", &component, &self.app.key);
                let expected = format!("{NOT_SERVED}component imports instance `{interface}`");
                self.load("importing", PluginErrorCode::LoadFailed, &expected)
                    .await
            }
            Attempt::CoreImport(module, function) => {
                let text = format!("(module (import \"{module}\" \"{function}\" (func)))");
                let packed = pack(text.as_bytes(), Interface::V0_1, World::RequestHook);
                if packed.is_ok() {
                    return Err("it was packed".to_owned());
                }
                let text = format!(
                    "(component (core module $m (import \"{module}\" \"{function}\" (func))) (core instance (instantiate $m)))"
                );
                let component = wat::parse_str(text).unwrap();
                guest::write(&folder, "importing", "", &component, &self.app.key);
                let expected = format!("missing module instantiation argument named `{module}`");
                self.load("importing", PluginErrorCode::LoadFailed, &expected)
                    .await
            }
            Attempt::NotRequested(capability) => {
                let (more, guest) = using(capability);
                self.app.replace("granted", &more, &guest);
                self.load("granted", PluginErrorCode::LoadFailed, NOT_SERVED)
                    .await
            }
            Attempt::NotGranted(capability) => {
                let (more, guest) = using(capability);
                let more = more + &requested(capability);
                self.app.replace("other", &more, &guest);
                let name = capability.as_str();
                let expected = format!("requests the capability \"{name}\": grant it in ");
                self.load("other", PluginErrorCode::Permission, &expected)
                    .await
            }
            Attempt::Folder(name) => {
                let expected = "does not have a valid name";
                self.load(name, PluginErrorCode::NotFound, expected).await
            }
            Attempt::Request(url, expected) => expect(self.request("client", url).await, expected),
            Attempt::InternalAddress => {
                let address = self.internal.local_addr().unwrap();
                let problem = self
                    .request("internal", &format!("http://{address}/"))
                    .await;
                let expected = format!(
                    "{address}: 127.0.0.1 is not a public address: set addresses to \"any\" to allow it"
                );
                expect(problem, &expected)
            }
            Attempt::Redirect => {
                let target = self.internal.local_addr().unwrap();
                let (url, _requests) = respond(&format!(
                    "HTTP/1.1 307 Found\r\nlocation: http://{target}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                ));
                // The guest gets the redirect itself.
                expect(self.request("redirected", &url).await, "sent")
            }
            Attempt::OtherKeys => read_other_keys().await,
            Attempt::EarlierCall => read_earlier_call().await,
            Attempt::FineClock => read_fine_clock().await,
        }
    }

    /// Expects that the load of a plugin fails.
    async fn load(&self, name: &str, code: PluginErrorCode, problem: &str) -> Result<(), String> {
        let Err(refused) = self.app.plugins.load(name).await else {
            return Err("it was loaded".to_owned());
        };
        let text = error_chain(&refused);
        match refused.code() == code && text.contains(problem) {
            true => Ok(()),
            false => Err(text),
        }
    }

    /// Lets a plugin request a URL. Returns its problem, or "sent" after a response.
    async fn request(&self, plugin: &str, url: &str) -> String {
        let plugins = &self.app.plugins;
        let more = requested(Capability::Http) + HOOK;
        self.app.replace(plugin, &more, &requesting(url));
        plugins.load(plugin).await.unwrap();
        plugins.start_plugin(plugin).await.unwrap();
        let problem = failures(&self.app).await;
        plugins.unload(plugin).await.unwrap();
        problem
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn escape_attempts_fail_plug_2() {
    let target = Target::start().await;
    let mut escapes = Vec::new();
    for (name, attempt) in &ATTEMPTS {
        if let Err(problem) = target.attempt(attempt).await {
            escapes.push(format!("{name}: {problem}"));
        }
    }
    assert!(escapes.is_empty(), "{escapes:#?}");
    let connection = target.internal.accept();
    assert!(connection.is_err(), "a guest connected: {connection:?}");
}

#[test]
fn page_has_the_numbers_of_escape_attempts_plug_2() {
    let names: BTreeSet<&str> = ATTEMPTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), ATTEMPTS.len(), "two attempts have one name");
    let mut groups = BTreeMap::<&str, usize>::new();
    for name in names {
        let (group, _) = name.split_once(": ").unwrap();
        *groups.entry(group).or_default() += 1;
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/plugins.md");
    let page = std::fs::read_to_string(file).unwrap();
    let total = format!("make {} escape attempts", ATTEMPTS.len());
    assert!(page.contains(&total), "{total}");
    for (group, attempts) in groups {
        let row = format!("| `{group}` | {attempts} |");
        assert!(page.contains(&row), "{row}");
    }
}

/// Without this, the attempts without a request or a grant would prove nothing.
#[tokio::test(flavor = "multi_thread")]
async fn requested_and_granted_capabilities_are_served_plug_2() {
    for (capability, since, ..) in CAPABILITIES {
        let versions = Interface::ALL.map(Interface::as_str).into_iter();
        for version in versions.skip_while(|version| *version != since) {
            let (more, guest) = using_in(version, capability);
            let more = more + &requested(capability);
            let setup = Setup::new().grant("notes", &[capability]);
            let app = setup.plugin("notes", &more, &guest).start().await.unwrap();
            let capabilities = app.plugins.get("notes").unwrap().capabilities;
            assert_eq!(capabilities, [capability], "{version}");
        }
    }
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

async fn read_other_keys() -> Result<(), String> {
    let more = requested(Capability::KeyValue) + HOOK;
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
    expect(failures(&app).await, "written")?;
    // The writer finds its own key in a later call.
    expect(failures(&app).await, "")
}

async fn read_earlier_call() -> Result<(), String> {
    // Traps if the memory is not zero, and writes to it.
    let body = "(if (i32.load (i32.const 4096)) (then unreachable))
        (i32.store (i32.const 4096) (i32.const 1)) (i32.const 16)";
    let setup = Setup::new().plugin("evil", HOOK, &Guest::hook(body));
    let app = setup.start().await.unwrap();
    expect(failures(&app).await, "")?;
    expect(failures(&app).await, "")
}

async fn read_fine_clock() -> Result<(), String> {
    // Traps at other times, and at times before the year 2020.
    let body = "(local $now i64) (local.set $now (call $now))
        (if (i32.wrap_i64 (i64.rem_u (local.get $now) (i64.const 10))) (then unreachable))
        (if (i64.lt_u (local.get $now) (i64.const 1577836800000)) (then unreachable))
        (i32.const 16)";
    let guest = Guest::hook(body).import("clock", "now", "(result i64)");
    let app = Setup::new()
        .config(|config| config.security.max_cpu_percent = Some(100))
        .grant("evil", &[Capability::Clock])
        .plugin("evil", &(requested(Capability::Clock) + HOOK), &guest)
        .start()
        .await
        .unwrap();
    // A clock with smaller steps shows in one of these milliseconds.
    let mut digits = BTreeSet::new();
    while digits.len() < 5 {
        digits.insert(chrono::Utc::now().timestamp_millis() % 10);
        expect(failures(&app).await, "")?;
    }
    Ok(())
}
