//! Attempts to get the rights of another plugin by its files, its name or its spelling.

use std::fs;

use seaworthy_plugins::{Capability, GrantConfig, PluginErrorCode, PluginStatus, SigningKey};

use crate::{
    app::{Setup, TestApp, granted},
    guest::{self, Guest},
};

/// The request of a plugin for the clock.
const CLOCK: &str = "capabilities = [\"clock\"]\n";

/// Starts a service with the signed plugins `notes`, without capabilities, and `trusted`, which may
/// read the clock. It does not load them.
async fn start() -> TestApp {
    Setup::new()
        .config(|config| config.auto_load = Some(false))
        .grant("trusted", &[Capability::Clock])
        .plugin("notes", "", &Guest::quiet())
        .plugin("trusted", "", &Guest::rejecting(403, "no"))
        .start()
        .await
        .unwrap()
}

/// Expects that the load of a plugin fails.
async fn expect_rejection(app: &TestApp, name: &str, code: PluginErrorCode, problem: &str) {
    let refused = app.plugins.load(name).await.unwrap_err();
    let text = seaworthy_core::error_chain(&refused).to_string();
    assert_eq!((refused.code(), text.as_str()), (code, problem));
    assert!(app.plugins.get(name).is_err() || app.plugins.status(name) == PluginStatus::Error);
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_files_of_another_plugin_are_rejected_plug_2() {
    let name =
        "plugin \"trusted\": plugin.toml names \"notes\": the folder must have the same name";
    let hash = "plugin \"trusted\": `sha256` of plugin.toml is not the hash of plugin.wasm: run `plugins sign`";
    let signature = "plugin \"trusted\": plugin.sig is not a signature by one of plugins.security.trusted_keys: run `plugins sign`";
    for (files, code, problem) in [
        (
            &["plugin.toml", "plugin.wasm", "plugin.sig"][..],
            PluginErrorCode::LoadFailed,
            name,
        ),
        (&["plugin.wasm"], PluginErrorCode::LoadFailed, hash),
        (&["plugin.sig"], PluginErrorCode::Permission, signature),
        (
            &["plugin.wasm", "plugin.sig"],
            PluginErrorCode::Permission,
            signature,
        ),
    ] {
        let app = start().await;
        for file in files {
            fs::copy(app.path("notes", file), app.path("trusted", file)).unwrap();
        }
        expect_rejection(&app, "trusted", code, problem).await;
    }
}

/// Starts a service in which only `own` may sign `trusted`, which may read the clock. The key of the
/// service has signed `trusted`, and may sign the other plugins.
fn with_own_key(own: String) -> Setup {
    let grant = GrantConfig {
        trusted_keys: Some(vec![own]),
        ..granted(&[Capability::Clock])
    };
    Setup::new()
        .plugin("trusted", CLOCK, &Guest::quiet())
        .config(|config| {
            config.auto_load = Some(false);
            config.grants.insert("trusted".to_owned(), grant);
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn trusted_key_cannot_sign_a_plugin_with_its_own_keys_plug_2() {
    let own = SigningKey::generate().unwrap();
    let app = with_own_key(own.public()).start().await.unwrap();
    let sign = |name: &str, more: &str, key: &SigningKey| {
        let folder = app.folder.path().join("plugins");
        guest::write(&folder, name, more, &Guest::quiet().build(), key);
    };
    let problem = "plugin \"trusted\": plugin.sig is not a signature by one of plugins.grants.trusted.trusted_keys: run `plugins sign`";
    expect_rejection(&app, "trusted", PluginErrorCode::Permission, problem).await;
    sign("trusted", CLOCK, &own);
    assert!(app.plugins.load("trusted").await.unwrap().signed);
    // The key of one plugin does not sign another one.
    sign("notes", "", &own);
    let problem = "plugin \"notes\": plugin.sig is not a signature by one of plugins.security.trusted_keys: run `plugins sign`";
    expect_rejection(&app, "notes", PluginErrorCode::Permission, problem).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_key_of_a_plugin_is_rejected_plug_2() {
    let failed = with_own_key("short".to_owned())
        .start()
        .await
        .err()
        .unwrap();
    let expected =
        "plugins.grants.trusted.trusted_keys[0] is not an Ed25519 public key (32 bytes in Base64)";
    assert_eq!(seaworthy_core::error_chain(&failed), expected);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn links_to_the_files_of_another_plugin_are_rejected_plug_2() {
    let app = start().await;
    let folder = app.folder.path().join("plugins");
    // A link to the folder, and one from a folder to each file.
    std::os::unix::fs::symlink(folder.join("trusted"), folder.join("copy")).unwrap();
    fs::create_dir(folder.join("files")).unwrap();
    for file in ["plugin.toml", "plugin.wasm", "plugin.sig"] {
        std::os::unix::fs::symlink(app.path("trusted", file), app.path("files", file)).unwrap();
    }
    for name in ["copy", "files"] {
        let problem = format!(
            "plugin \"{name}\": plugin.toml names \"trusted\": the folder must have the same name"
        );
        expect_rejection(&app, name, PluginErrorCode::LoadFailed, &problem).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_do_not_leave_the_folder_of_plugins_plug_2() {
    let app = start().await;
    let outside = app.folder.path().join("outside");
    fs::rename(app.folder.path().join("plugins/notes"), &outside).unwrap();
    let absolute = outside.display().to_string();
    for name in [
        "../outside",
        "notes/../../outside",
        &absolute,
        ".",
        "..",
        "",
    ] {
        let problem = format!(
            "plugin \"{name}\": does not have a valid name: use 1 to 64 lower-case letters, digits, '_' or '-', and no '-' at the start"
        );
        expect_rejection(&app, name, PluginErrorCode::NotFound, &problem).await;
    }
    let admin = app.service.addresses().admin;
    let load = "/plugins/..%2Foutside/load";
    let header = [("x-admin-request", "1")];
    let refused = seaworthy_testkit::http::request(admin, "POST", load, &header, "").unwrap();
    assert_eq!(refused.status, 404, "{}", refused.body);
    // A name in a manifest does not leave the folder either.
    app.replace(
        "notes",
        "dependencies = [\"../outside\"]\n",
        &Guest::quiet(),
    );
    let problem = "plugin \"notes\": plugin.toml has an invalid dependency \"../outside\": use the name of a plugin";
    expect_rejection(&app, "notes", PluginErrorCode::LoadFailed, problem).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_have_one_spelling_plug_2() {
    let app = start().await;
    for capability in ["Clock", "CLOCK", "clock ", "key-value", "keyvalue"] {
        let more = format!("capabilities = [\"{capability}\"]\n");
        app.replace("trusted", &more, &Guest::quiet());
        let refused = app.plugins.load("trusted").await.unwrap_err();
        assert_eq!(refused.code(), PluginErrorCode::LoadFailed, "{capability}");
        let text = seaworthy_core::error_chain(&refused).to_string();
        let problem = format!("unknown variant `{capability}`");
        assert!(text.contains(&problem), "{text}");
    }
    // The grant of `trusted` is not that of a plugin with a similar name.
    for name in ["trusted-", "trusted_", "trusted2"] {
        app.replace(name, CLOCK, &Guest::quiet());
        let problem = format!(
            "plugin \"{name}\": requests the capability \"clock\": grant it in plugins.grants.{name}.capabilities"
        );
        expect_rejection(&app, name, PluginErrorCode::Permission, &problem).await;
    }
}
