//! Plugins of `examples/plugins`.

use std::{path::PathBuf, process::Command, time::Duration};

use seaworthy_core::Timeout;
use seaworthy_plugins::{
    Capability, Decision, EventType, HandlerDeclaration, HookCall, HookPoint, Interface, Plugins,
    World, pack,
};
use seaworthy_testkit::requirement::optional;
use serde_json::{Map, json};

use crate::{app::Setup, guest};

/// The Python program whose package `ziglang` compiles the plugin.
const ZIG: &str = "SEAWORTHY_TEST_ZIG";
const POLICY: &str = "approval_policy";

async fn decide(plugins: &Plugins, action: &str, approved_by: Option<&str>) -> Decision {
    let mut context = Map::new();
    context.insert("amount".to_owned(), json!(7));
    if let Some(person) = approved_by {
        context.insert("approved_by".to_owned(), json!(person));
    }
    let decision = plugins.decide("u-7", action, "order/1", context);
    decision.await.unwrap()
}

/// Returns the folder of a sample.
fn sample(name: &str) -> PathBuf {
    let home = [env!("CARGO_MANIFEST_DIR"), "../../examples/plugins", name];
    home.iter().collect()
}

/// Returns the points, priorities and timeouts of the hooks of a plugin.
fn declared_hooks(
    plugins: &Plugins,
    name: &str,
) -> Vec<(HookPoint, Option<i32>, Option<Duration>)> {
    let hooks = plugins.get(name).unwrap().hooks.into_iter();
    hooks
        .map(|hook| (hook.point, hook.priority, hook.timeout.map(Timeout::get)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn auth_enhancer_adds_attributes_after_the_authentication_plug_1() {
    const NAME: &str = "auth_enhancer";
    let home = sample(NAME);
    let module = std::fs::read(home.join("plugin.wat")).unwrap();
    let component = pack(&module, Interface::V0_3, World::RequestHook).unwrap();
    let manifest = std::fs::read_to_string(home.join("plugin.toml")).unwrap();
    let more = manifest.replace(&format!("name = \"{NAME}\"\n"), "");
    let setup = Setup::new().grant(NAME, &[Capability::Config, Capability::Events]);
    guest::write(&setup.config.directory, NAME, &more, &component, &setup.key);
    let app = setup.start().await.unwrap();
    let timeout = Some(Duration::from_secs(5));
    let expected = [
        (HookPoint::BeforeAuth, Some(10), timeout),
        (HookPoint::AfterAuth, Some(20), timeout),
    ];
    assert_eq!(declared_hooks(&app.plugins, NAME), expected);
    let call = HookCall::new().with_metadata("actor", "u-7");
    let report = app.plugins.run_hooks(HookPoint::AfterAuth, call).await;
    let report = report.unwrap();
    assert_eq!(report.failed, []);
    let enhanced = report.call.value("enhanced_by");
    assert_eq!(enhanced, Some(&json!("auth_enhancer")));
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_logger_has_the_declarations_of_the_contract_plug_1() {
    const NAME: &str = "audit_logger";
    let home = sample(NAME);
    let module = std::fs::read(home.join("plugin.wat")).unwrap();
    let component = pack(&module, Interface::V0_2, World::HooksAndEvents).unwrap();
    let manifest = std::fs::read_to_string(home.join("plugin.toml")).unwrap();
    let more = manifest.replace(&format!("name = \"{NAME}\"\n"), "");
    let setup = Setup::new().grant(NAME, &[Capability::Log]);
    guest::write(&setup.config.directory, NAME, &more, &component, &setup.key);
    let app = setup.start().await.unwrap();
    let timeout = Some(Duration::from_secs(3));
    let expected = [
        (HookPoint::AfterAuth, Some(5), timeout),
        (HookPoint::AfterBiz, Some(15), timeout),
    ];
    assert_eq!(declared_hooks(&app.plugins, NAME), expected);
    let handlers = app.plugins.get(NAME).unwrap().handlers;
    for kind in [
        EventType::USER_LOGIN,
        EventType::USER_LOGOUT,
        EventType::DATA_CREATED,
        EventType::DATA_UPDATED,
        EventType::DATA_DELETED,
        EventType::PLUGIN_LOADED,
        EventType::PLUGIN_UNLOADED,
        EventType::PLUGIN_STARTED,
        EventType::PLUGIN_STOPPED,
        EventType::PLUGIN_ERROR,
    ] {
        let is_handled = |handler: &HandlerDeclaration| handler.types.contains(&kind);
        assert!(handlers.iter().any(is_handled), "{kind}");
    }
}

/// The tests run this module everywhere, so it must be that of the present source.
#[test]
fn policy_module_matches_its_recorded_hashes_plug_1() {
    let sums = std::fs::read_to_string(sample(POLICY).join("SHA256SUMS")).unwrap();
    let computed = ["plugin.c", "module.wasm"].map(|file| {
        let hash = guest::sha256_hex(&std::fs::read(sample(POLICY).join(file)).unwrap());
        format!("{hash}  {file}\n")
    });
    assert_eq!(sums, computed.concat(), "compile plugin.c again");
}

#[test]
fn source_of_the_policy_in_c_compiles_to_its_module_plug_1() {
    // Optional in CI, too: `./test` lists it as skipped. The scheduled job has the compiler.
    let Some(python) = optional(ZIG) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let compiled = folder.path().join("module.wasm");
    let built = Command::new(python)
        .args(["-m", "ziglang", "cc", "-target", "wasm32-freestanding"])
        .args(["-nostdlib", "-Wl,--no-entry,--strip-all", "-O2", "-Wall"])
        .args(["-Werror", "-o"])
        .args([&compiled, &sample(POLICY).join("plugin.c")])
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    let committed = std::fs::read(sample(POLICY).join("module.wasm")).unwrap();
    let compiled = std::fs::read(compiled).unwrap();
    assert!(compiled == committed, "module.wasm is not that of plugin.c");
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_in_c_decides_about_deletions_plug_1() {
    let setup = Setup::new();
    let module = std::fs::read(sample(POLICY).join("module.wasm")).unwrap();
    let component = pack(&module, Interface::V0_2, World::PolicyDecision).unwrap();
    let manifest = std::fs::read_to_string(sample(POLICY).join("plugin.toml")).unwrap();
    let more = manifest.replace(&format!("name = \"{POLICY}\"\n"), "");
    let directory = &setup.config.directory;
    guest::write(directory, POLICY, &more, &component, &setup.key);
    let app = setup.start().await.unwrap();
    let plugins = &app.plugins;
    assert_eq!(decide(plugins, "read", None).await, Decision::Allow);
    assert_eq!(
        decide(plugins, "delete", Some("u-9")).await,
        Decision::Allow
    );
    let denied = |reason: &str| Decision::Deny(reason.to_owned());
    assert_eq!(
        decide(plugins, "delete", None).await,
        denied("a deletion needs the approval of a second person")
    );
    assert_eq!(
        decide(plugins, "delete", Some("u-7")).await,
        denied("the approval is by the same person")
    );
}
