//! Checks of the files of a plugin.

use seaworthy_core::ByteSize;
use seaworthy_plugins::{Capability, GrantConfig, PluginErrorCode, PluginsConfig, SigningKey};

use crate::{app::Setup, guest::Guest};

const SIGNATURE: &str = "plugin \"notes\": plugin.sig is not a signature by one of plugins.security.trusted_keys: run `plugins sign`";

/// Returns the error of a service that does not start.
async fn rejection(setup: Setup) -> String {
    let failed = setup.start().await.err().unwrap();
    let text = seaworthy_core::error_chain(&failed).to_string();
    text.strip_prefix("a plugin cannot be used: ")
        .unwrap_or(&text)
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_and_foreign_signatures_are_rejected_plug_2() {
    let setup = Setup::new().plugin("notes", "", &Guest::quiet());
    std::fs::remove_file(setup.config.directory.join("notes/plugin.sig")).unwrap();
    assert_eq!(rejection(setup).await, SIGNATURE);

    let mut setup = Setup::new();
    let trusted = std::mem::replace(&mut setup.key, SigningKey::generate().unwrap());
    assert_ne!(trusted.public(), setup.key.public());
    let setup = setup.plugin("notes", "", &Guest::quiet());
    assert_eq!(rejection(setup).await, SIGNATURE);
}

#[tokio::test(flavor = "multi_thread")]
async fn production_rejects_unsafe_settings_of_code_plug_2() {
    let setup = || {
        let setup = Setup::new().in_production();
        setup.plugin("notes", "", &Guest::quiet())
    };
    // No preflight checks settings that the code of the service creates.
    let unsigned = setup().config(|config| config.security.allow_unsigned = true);
    let expected = "plugins.security.allow_unsigned must be false in production (PLUG-2): sign the plugins and list the key in plugins.security.trusted_keys";
    assert_eq!(rejection(unsigned).await, expected);
    let large = ByteSize::mebibytes(101);
    let large = setup().config(|config| config.security.max_memory = Some(large));
    let expected = "plugins.security.max_memory must be at most 100MiB in production (PLUG-2)";
    assert_eq!(rejection(large).await, expected);
    let busy = setup().config(|config| config.security.max_cpu_percent = Some(11));
    let expected = "plugins.security.max_cpu_percent must be at most 10 in production (PLUG-2)";
    assert_eq!(rejection(busy).await, expected);
    let unsigned = setup();
    std::fs::remove_file(unsigned.config.directory.join("notes/plugin.sig")).unwrap();
    assert_eq!(rejection(unsigned).await, SIGNATURE);
    let app = setup().start().await.unwrap();
    assert!(app.plugins.get("notes").unwrap().signed);
}

#[tokio::test(flavor = "multi_thread")]
async fn version_below_its_minimum_is_rejected_plug_2() {
    let setup = |version: &str| {
        let more = format!("version = \"{version}\"\n");
        let setup = Setup::new().plugin("notes", &more, &Guest::quiet());
        setup.config(|config| {
            config.auto_load = Some(false);
            let min = "1.2.0".parse().unwrap();
            config.security.min_versions.insert("notes".to_owned(), min);
        })
    };
    for refused in ["1.1.9", "1.2.0-rc.1"] {
        let app = setup(refused).start().await.unwrap();
        let error = app.plugins.load("notes").await.unwrap_err();
        assert_eq!(error.code(), PluginErrorCode::Permission);
        let expected = format!(
            "plugin \"notes\": has the version {refused}, which is below 1.2.0 of plugins.security.min_versions"
        );
        assert_eq!(error.to_string(), expected);
    }
    let app = setup("1.2.0").start().await.unwrap();
    app.plugins.load("notes").await.unwrap();
    // A writer of the folder restores an old version with its valid signature.
    app.replace("notes", "version = \"1.0.0\"\n", &Guest::quiet());
    let error = app.plugins.reload("notes").await.unwrap_err();
    assert_eq!(error.code(), PluginErrorCode::Permission);
    assert_eq!(app.plugins.get("notes").unwrap().metadata.version, "1.2.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn minimum_version_of_an_unknown_plugin_is_rejected_plug_2() {
    for name in ["ntoes", "Notes"] {
        let setup = Setup::new()
            .plugin("notes", "", &Guest::quiet())
            .config(|config| {
                let min = "1.2.0".parse().unwrap();
                config.security.min_versions.insert(name.to_owned(), min);
            });
        let expected = format!(
            "plugins.security.min_versions names \"{name}\", which does not have a folder in {}: correct the name or remove it",
            setup.config.directory.display()
        );
        assert_eq!(rejection(setup).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_an_unknown_plugin_are_rejected_plug_2() {
    for name in ["ntoes", "Notes"] {
        let setup = Setup::new()
            .plugin("notes", "", &Guest::quiet())
            .config(|config| {
                let grant = GrantConfig {
                    trusted_keys: Some(Vec::new()),
                    ..GrantConfig::default()
                };
                config.grants.insert(name.to_owned(), grant);
            });
        let expected = format!(
            "plugins.grants.{name}.trusted_keys names \"{name}\", which does not have a folder in {}: correct the name or remove it",
            setup.config.directory.display()
        );
        assert_eq!(rejection(setup).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_component_is_rejected_plug_2() {
    let setup = Setup::new().plugin("notes", "", &Guest::quiet());
    let component = setup.config.directory.join("notes/plugin.wasm");
    std::fs::write(component, Guest::rejecting(403, "no").build()).unwrap();
    let expected = "plugin \"notes\": `sha256` of plugin.toml is not the hash of plugin.wasm: run `plugins sign`";
    assert_eq!(rejection(setup).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_component_is_rejected_plug_2() {
    let setup = Setup::new()
        .config(|config| config.security.max_file_size = ByteSize::bytes(100))
        .plugin("notes", "", &Guest::quiet());
    let component = setup.config.directory.join("notes/plugin.wasm");
    let expected = format!(
        "plugin \"notes\": {} cannot be read: the file has more than 100 bytes",
        component.display()
    );
    assert_eq!(rejection(setup).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn capabilities_need_a_grant_and_a_request_plug_2() {
    let clock =
        || Guest::hook("(drop (call $now)) (i32.const 16)").import("clock", "now", "(result i64)");
    // Requested, and not granted.
    let setup = Setup::new().plugin("notes", "capabilities = [\"clock\"]\n", &clock());
    let expected = "plugin \"notes\": requests the capability \"clock\": grant it in plugins.grants.notes.capabilities";
    assert_eq!(rejection(setup).await, expected);
    // Granted, and not requested.
    let grant = || GrantConfig {
        capabilities: vec![Capability::Clock],
        ..GrantConfig::default()
    };
    let setup = Setup::new()
        .config(|config| drop(config.grants.insert("notes".to_owned(), grant())))
        .plugin("notes", "", &clock());
    let expected = "plugin \"notes\": the component imports an interface that the manifest does not request: component imports instance `seaworthy:plugin/clock@0.1.0`, but a matching implementation was not found in the linker: instance export `now` has the wrong type: function implementation is missing";
    assert_eq!(rejection(setup).await, expected);
    let setup = Setup::new()
        .config(|config| drop(config.grants.insert("notes".to_owned(), grant())))
        .plugin("notes", "capabilities = [\"clock\"]\n", &clock());
    setup.start().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn circular_and_missing_dependencies_are_named_plug_1() {
    let setup = Setup::new()
        .plugin("one", "dependencies = [\"two\"]\n", &Guest::quiet())
        .plugin("two", "dependencies = [\"one\"]\n", &Guest::quiet());
    let expected = "plugin \"one\": depends on itself: one -> two -> one";
    assert_eq!(rejection(setup).await, expected);
    let setup = Setup::new().plugin("one", "dependencies = [\"lost\"]\n", &Guest::quiet());
    let expected =
        "plugin \"one\": depends on \"lost\", which is not in the folder or has an error";
    assert_eq!(rejection(setup).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn plugin_with_the_variables_of_another_one_is_rejected_plug_2() {
    let setup = Setup::new()
        .plugin("fraud-check", "", &Guest::quiet())
        .plugin("fraud_check", "", &Guest::quiet());
    let expected = "plugin \"fraud_check\": has the same environment variables as the loaded plugin \"fraud-check\": rename one of them";
    assert_eq!(rejection(setup).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn name_without_a_folder_is_not_listed_plug_1() {
    let setup = Setup::new().plugin("fraud-check", "", &Guest::quiet());
    let app = setup.start().await.unwrap();
    let missing = app.plugins.load("fraud_check").await.unwrap_err();
    assert_eq!(missing.code(), PluginErrorCode::NotFound);
    let listed = app.plugins.list().into_iter();
    let listed: Vec<_> = listed.map(|info| info.metadata.name).collect();
    assert_eq!(listed, ["fraud-check"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn component_of_another_world_is_rejected_plug_1() {
    for (world, guest) in [
        ("event-handler", Guest::quiet()),
        ("plugin", Guest::quiet()),
        ("request-hook", Guest::denying("no")),
    ] {
        let setup = Setup::new().plugin("notes", &format!("world = \"{world}\"\n"), &guest);
        let expected = format!(
            "plugin \"notes\": declares the world \"{world}\", but the component exports other interfaces"
        );
        assert_eq!(rejection(setup).await, expected);
    }
    let manifest = "world = \"policy-decision\"\n";
    let setup = Setup::new().plugin("notes", manifest, &Guest::denying("no"));
    setup.start().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_settings_fail_the_start_plug_1() {
    // initialize returns err("bad").
    let guest = Guest::quiet()
        .with_initialize("(i32.const 512)")
        .with_words(512, &[1, 1024, 3])
        .with_text(1024, "bad");
    let refused = rejection(Setup::new().plugin("notes", "", &guest)).await;
    assert_eq!(refused, "plugin \"notes\": bad");
    let setup = Setup::new()
        .plugin("notes", "", &Guest::quiet())
        .settings("notes", "tiemout: 1s\n");
    let settings = setup.config.config_directory.join("notes.yaml");
    let settings = settings.display().to_string();
    let expected = format!(
        "plugin \"notes\": its settings {settings} have errors: the configuration has an error:\n  {settings}:1:1: tiemout: unknown key: did you mean `timeout`?"
    );
    assert_eq!(rejection(setup).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn random_bytes_are_rejected_as_component_plug_2() {
    let setup = Setup::new();
    crate::guest::write(
        &setup.config.directory,
        "notes",
        "",
        b"\0asm\x01\0\0\0nonsense",
        &setup.key,
    );
    assert_eq!(
        rejection(setup).await,
        "plugin \"notes\": plugin.wasm is not a component: create one from your module with `plugins pack`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_name_the_plugin_and_its_file_plug_1() {
    let name = "name = \"Notes\"\nversion = \"1.0.0\"\napi = \"0.1.0\"\nsha256 = \"0\"\n";
    for (file, content, expected) in [
        (
            "plugin.toml",
            "name = ",
            "plugin.toml is not a valid manifest: line 1: string values must be quoted, expected literal string",
        ),
        (
            "plugin.toml",
            name,
            "plugin.toml has an invalid name \"Notes\": use 1 to 64 lower-case letters, digits, '_' or '-', and no '-' at the start",
        ),
        (
            "plugin.wasm",
            "changed",
            "`sha256` of plugin.toml is not the hash of plugin.wasm: run `plugins sign`",
        ),
        (
            "plugin.sig",
            "changed",
            "plugin.sig is not a signature by one of plugins.security.trusted_keys: run `plugins sign`",
        ),
    ] {
        let setup = Setup::new().plugin("notes", "", &Guest::quiet());
        let path = setup.config.directory.join("notes").join(file);
        std::fs::write(path, content).unwrap();
        assert_eq!(
            rejection(setup).await,
            format!("plugin \"notes\": {expected}")
        );
    }
    let missing = |config: &mut PluginsConfig| config.directory = "/does/not/exist".into();
    let refused = rejection(Setup::new().config(missing)).await;
    let expected =
        "the plugin folder /does/not/exist cannot be read: No such file or directory (os error 2)";
    assert_eq!(refused, expected);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn signature_that_is_not_a_file_is_rejected_plug_2() {
    let setup = Setup::new().plugin("notes", "", &Guest::quiet());
    let signature = setup.config.directory.join("notes/plugin.sig");
    std::fs::remove_file(&signature).unwrap();
    let pipe = std::process::Command::new("mkfifo")
        .arg(&signature)
        .status();
    assert!(pipe.unwrap().success());
    let refused = tokio::spawn(rejection(setup));
    let refused = tokio::time::timeout(std::time::Duration::from_secs(20), refused).await;
    if refused.is_err() {
        // Unblock the reads of the service, so that the test fails instead of blocking.
        for _ in 0..5 {
            let mut both = std::fs::OpenOptions::new();
            drop(both.read(true).write(true).open(&signature));
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
    assert_eq!(refused.unwrap().unwrap(), SIGNATURE);
}

#[tokio::test(flavor = "multi_thread")]
async fn contradictory_manifests_are_rejected_plug_1() {
    let many: Vec<String> = (0..65)
        .map(|number| format!("\"needed-{number}\""))
        .collect();
    for (more, problem) in [
        (
            "[[hooks]]\nname = \"late\"\npoint = \"after_biz\"\nveto = true\n".to_owned(),
            "has `veto = true` in the hook \"late\": a hook at the point after_biz cannot reject",
        ),
        (
            format!("dependencies = [{}]\n", many.join(", ")),
            "has more than 64 dependencies",
        ),
        (
            "dependencies = [\"base\", \"base\"]\n".to_owned(),
            "has \"base\" twice: remove one",
        ),
        (
            "capabilities = [\"log\", \"log\"]\n".to_owned(),
            "has \"log\" twice: remove one",
        ),
        (
            "[[hooks]]\nname = \"note\"\npoint = \"after_biz\"\n".repeat(2),
            "has two hooks at the point after_biz with the name \"note\": rename one",
        ),
        (
            "[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n".repeat(2),
            "has two handlers with the name \"note\": rename one",
        ),
    ] {
        let setup = Setup::new().plugin("notes", &more, &Guest::quiet());
        let expected = format!("plugin \"notes\": plugin.toml {problem}");
        assert_eq!(rejection(setup).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_escape_control_characters_plug_2() {
    // A terminal would run the sequences. The manifest needs no signature for the order of loads.
    let setup = Setup::new().plugin("notes", "\"\\u001B[2J\" = 1\n", &Guest::quiet());
    let refused = rejection(setup).await;
    assert!(refused.contains("unknown field `\\u{1b}[2J`"), "{refused}");
    let guest = Guest::quiet()
        .with_initialize("(i32.const 512)")
        .with_words(512, &[1, 1024, 4, 0x4a32_5b1b])
        .with_words(1024, &[0x4a32_5b1b]);
    let refused = rejection(Setup::new().plugin("notes", "", &guest)).await;
    assert_eq!(refused, "plugin \"notes\": \\u{1b}[2J");
}

#[tokio::test(flavor = "multi_thread")]
async fn manifest_with_a_deep_key_does_not_end_the_service_plug_2() {
    let setup = Setup::new().plugin("notes", "", &Guest::quiet());
    let app = setup.start().await.unwrap();
    let mut failures = app.failures();
    let folder = app.folder.path().join("plugins/deep");
    std::fs::create_dir(&folder).unwrap();
    // A parser without a limit overflows its stack, which ends the process.
    let manifest = format!("{}a = 1\n", "a.".repeat(30_000));
    std::fs::write(folder.join("plugin.toml"), manifest).unwrap();
    let problem = "plugin \"deep\": plugin.toml is not a valid manifest: line 1: recursion limit";
    failures.wait_for(problem).await;
    assert_eq!(app.orders().0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn folder_has_a_limit_of_plugins_plug_2() {
    // A chain of dependencies without signatures, which is as deep as the folder has plugins.
    let setup = Setup::new();
    for number in 0..=1_000 {
        let folder = setup.config.directory.join(format!("n{number:04}"));
        std::fs::create_dir(&folder).unwrap();
        let next = number + 1;
        let hash = "0".repeat(64);
        let manifest = format!(
            "name = \"n{number:04}\"\nversion = \"1.0.0\"\napi = \"0.1.0\"\nsha256 = \"{hash}\"\ndependencies = [\"n{next:04}\"]\n"
        );
        std::fs::write(folder.join("plugin.toml"), manifest).unwrap();
    }
    expect_too_many_entries(setup).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folder_has_a_limit_of_other_files_plug_2() {
    let setup = Setup::new().plugin("notes", "", &Guest::quiet());
    for number in 0..1_000 {
        let file = setup.config.directory.join(format!("file{number}"));
        std::fs::write(file, "").unwrap();
    }
    expect_too_many_entries(setup).await;
}

async fn expect_too_many_entries(setup: Setup) {
    let folder = setup.config.directory.clone();
    let refused = rejection(setup).await;
    let expected = format!(
        "the plugin folder {} cannot be read: the folder has more than 1000 files and folders",
        folder.display()
    );
    assert_eq!(refused, expected);
}
