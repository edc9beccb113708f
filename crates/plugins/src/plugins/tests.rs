use std::{fs, sync::OnceLock};

use seaworthy_config::Loader;
use seaworthy_service::{NoSettings, Service};
use seaworthy_testkit::eventually;

use super::*;
use crate::{HookCall, HookPoint, Interface, World, folder::sha256_hex, pack};

/// A module whose hook and handler change nothing.
const MODULE: &str = r#"(module
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 8192))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local i32)
        (local.set 4 (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
        (global.set $free (i32.add (local.get 4) (local.get 3)))
        (local.get 4))
    (func (export "seaworthy:plugin/lifecycle@0.2.0#initialize") (param i32 i32) (result i32)
        (i32.const 16))
    (func (export "seaworthy:plugin/lifecycle@0.2.0#start") (result i32) (i32.const 16))
    (func (export "seaworthy:plugin/lifecycle@0.2.0#stop") (result i32) (i32.const 16))
    (func (export "seaworthy:plugin/lifecycle@0.2.0#cleanup") (result i32) (i32.const 16))
    (func (export "seaworthy:plugin/lifecycle@0.2.0#health-check") (result i32) (i32.const 16))
    (func (export "seaworthy:plugin/hooks@0.2.0#run") (param i32) (result i32) (i32.const 16))
    (func (export "seaworthy:plugin/events@0.2.0#handle")
        (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
        (i32.const 16)))"#;
const DECLARED: &str = "
[[hooks]]
name = \"note\"
point = \"before_biz\"

[[handlers]]
name = \"note\"
types = [\"user.login\"]
";

#[tokio::test(flavor = "multi_thread")]
async fn unload_leaves_nothing_of_a_plugin_plug_1() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("notes");
    fs::create_dir(&home).unwrap();
    let component = pack(MODULE.as_bytes(), Interface::V0_2, World::HooksAndEvents).unwrap();
    let hash = sha256_hex(&component);
    let manifest = format!(
        "name = \"notes\"\nversion = \"1.0.0\"\napi = \"0.2.0\"\nsha256 = \"{hash}\"\n{DECLARED}"
    );
    fs::write(home.join("plugin.wasm"), component).unwrap();
    fs::write(home.join("plugin.toml"), manifest).unwrap();
    let mut config = PluginsConfig {
        enabled: true,
        directory: folder.path().to_owned(),
        config_directory: folder.path().join("settings"),
        auto_load: Some(false),
        ..PluginsConfig::default()
    };
    config.security.allow_unsigned = true;
    let started = OnceLock::new();
    let service = Service::new("orders", "1.0.0")
        .start::<NoSettings, _>(Loader::for_tests("orders"), async |service| {
            let _ = started.set(Plugins::start(service, &config).await?);
            Ok(())
        })
        .await
        .unwrap();
    let plugins = started.into_inner().unwrap();
    plugins.load_folder().await.unwrap();
    let call = plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
    assert_eq!(call.await.unwrap().failed, []);
    let login = Event::new(EventType::USER_LOGIN, "accounts");
    assert_eq!(plugins.events().publish(login).await, []);
    let (plugin, code) = {
        let plugin = plugins.plugin("notes").unwrap();
        let code = plugin.program.lock().clone().unwrap();
        (Arc::downgrade(&plugin), Arc::downgrade(&code))
    };
    plugins.unload("notes").await.unwrap();
    // The thread of the last call drops its data after its result.
    eventually(async || code.upgrade().is_none() && plugin.upgrade().is_none()).await;
    service.stop().await;
}
