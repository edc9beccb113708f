//! The command `plugins` of the program.

use std::fs;

use seaworthy_testkit::{eventually, http::get};
use serde_json::{Value, json};

use crate::{
    folder::Folder,
    guard::{LOOPS, MANIFEST, PROCEEDS, USER, VETOES, audited, log_in, module, policy},
};

/// The end of what the command prints if the plugin fails. The log is before it.
const FAILED: &str = "error: the call of \"guard\" failed: see `failed` in the output\n";

fn guard(hook: &str) -> Folder {
    let folder = Folder::new();
    folder.add("guard", MANIFEST, &module(hook), "hooks-and-events");
    folder
}

#[test]
fn list_shows_versions_signatures_and_problems_plug_1() {
    let folder = guard(PROCEEDS);
    folder.add_sample("audit_logger", "hooks-and-events");
    fs::remove_file(folder.path("plugins/audit_logger/plugin.sig")).unwrap();
    fs::create_dir(folder.path("plugins/broken")).unwrap();
    fs::write(folder.path("plugins/broken/plugin.toml"), "name = ").unwrap();
    let listed = folder.command(&["list"]);
    let line = |name: &str| listed.lines().find(|line| line.starts_with(name)).unwrap();
    assert_eq!(line("guard"), "guard  1.0.0  signed");
    let unsigned = "audit_logger  -  plugin \"audit_logger\": plugin.sig is not a signature by one of plugins.security.trusted_keys: run `plugins sign`";
    assert_eq!(line("audit_logger"), unsigned);
    assert_eq!(line("broken"), unsigned.replace("audit_logger", "broken"));
}

/// Returns what the command prints if the plugin cannot be used.
fn refused(problem: &str) -> String {
    format!("error: a plugin cannot be used\n  caused by: plugin \"guard\": {problem}\n")
}

#[test]
fn verify_accepts_signed_plugins_only_plug_2() {
    let folder = guard(PROCEEDS);
    assert_eq!(
        folder.command(&["verify", "guard"]).trim(),
        "guard 1.0.0 can be loaded"
    );
    let manifest = folder.path("plugins/guard/plugin.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("1.0.0", "1.0.1")).unwrap();
    let problem = folder.try_command(&["verify", "guard"]).unwrap_err();
    assert_eq!(
        problem,
        refused(
            "plugin.sig is not a signature by one of plugins.security.trusted_keys: run `plugins sign`"
        )
    );
    folder.command(&["sign", "guard", "--key", "signing.key"]);
    assert_eq!(
        folder.command(&["verify", "guard"]).trim(),
        "guard 1.0.1 can be loaded"
    );
    // The component differs from the hash in the signed manifest.
    let component = folder.path("plugins/guard/plugin.wasm");
    let mut content = fs::read(&component).unwrap();
    content.push(0);
    fs::write(&component, content).unwrap();
    let problem = folder.try_command(&["verify", "guard"]).unwrap_err();
    assert_eq!(
        problem,
        refused("`sha256` of plugin.toml is not the hash of plugin.wasm: run `plugins sign`")
    );
}

#[test]
fn pack_and_sign_replace_files_in_one_step_plug_1() {
    let folder = guard(PROCEEDS);
    let files = ["plugin.wasm", "plugin.toml", "plugin.sig"];
    let read = |path: &str| fs::read(folder.path(path)).unwrap();
    // A hard link has the content that a service with the old file open reads.
    let before = files.map(|file| {
        let path = format!("plugins/guard/{file}");
        fs::hard_link(folder.path(&path), folder.path(file)).unwrap();
        read(&path)
    });
    fs::write(folder.path("module.wat"), module(VETOES)).unwrap();
    folder.command(&["pack", "guard", "module.wat", "--world", "hooks-and-events"]);
    folder.command(&["sign", "guard", "--key", "signing.key"]);
    for (file, before) in files.iter().zip(before) {
        assert!(read(file) == before, "{file} was written in place");
        assert!(read(&format!("plugins/guard/{file}")) != before, "{file}");
    }
    folder.command(&["verify", "guard"]);
    let names = fs::read_dir(folder.path("plugins/guard")).unwrap();
    assert_eq!(names.count(), files.len());
}

#[cfg(unix)]
#[test]
fn pack_and_sign_do_not_follow_links_plug_2() {
    let folder = guard(PROCEEDS);
    let sign = ["sign", "guard", "--key", "signing.key"];
    let pack = ["pack", "guard", "module.wat", "--world", "hooks-and-events"];
    for (file, command) in [
        ("plugin.wasm", &pack[..]),
        ("plugin.toml", &sign[..]),
        ("plugin.sig", &sign[..]),
    ] {
        let path = format!("plugins/guard/{file}");
        let (place, target) = (folder.path(&path), folder.path("target"));
        let others = ["plugin.wasm", "plugin.toml", "plugin.sig"];
        let read = || others.map(|file| fs::read(folder.path("plugins/guard").join(file)).unwrap());
        let before = read();
        fs::rename(&place, &target).unwrap();
        std::os::unix::fs::symlink(&target, &place).unwrap();
        let expected = format!(
            "error: {path} cannot be read or written\n  caused by: the path is a symbolic link: replace it by the file itself\n"
        );
        assert_eq!(folder.try_command(command).unwrap_err(), expected);
        assert!(read() == before, "{file}");
        fs::rename(&target, &place).unwrap();
    }
    let (place, target) = (folder.path("plugins/guard"), folder.path("target"));
    fs::rename(&place, &target).unwrap();
    std::os::unix::fs::symlink(&target, &place).unwrap();
    let expected = "error: plugins/guard is a symbolic link: replace it by the folder itself\n";
    for command in [&pack[..], &sign[..]] {
        assert_eq!(folder.try_command(command).unwrap_err(), expected);
    }
}

#[cfg(unix)]
#[test]
fn key_is_private_and_does_not_replace_a_file_plug_2() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let file = folder.path("other.key");
    let public = folder.command(&["key", "other.key"]);
    let key = fs::read_to_string(&file).unwrap();
    assert!(!public.contains(key.trim()), "the command printed the key");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let problem = folder.try_command(&["key", "other.key"]).unwrap_err();
    let expected = "error: other.key cannot be written\n";
    assert!(problem.starts_with(expected), "{problem}");
    assert_eq!(fs::read_to_string(&file).unwrap(), key);
}

#[test]
fn sign_rejects_a_key_of_another_kind_plug_2() {
    let folder = guard(PROCEEDS);
    fs::write(folder.path("other.key"), "not a key").unwrap();
    let sign = ["sign", "guard", "--key", "other.key"];
    let problem = folder.try_command(&sign).unwrap_err();
    assert_eq!(
        problem,
        "error: the signing key is not an Ed25519 key (PKCS #8 in Base64): create one with `plugins key`\n"
    );
    folder.command(&["verify", "guard"]);
}

#[test]
fn sign_rejects_a_manifest_that_no_service_loads_plug_1() {
    let folder = guard(PROCEEDS);
    let manifest = folder.path("plugins/guard/plugin.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, format!("{text}# {}\n", "x".repeat(64 * 1024))).unwrap();
    let sign = ["sign", "guard", "--key", "signing.key"];
    let problem = folder.try_command(&sign).unwrap_err();
    let expected = "error: plugins/guard/plugin.toml cannot be read or written\n  caused by: the file has more than 65536 bytes\n";
    assert_eq!(problem, expected);
}

#[test]
fn sign_rejects_a_component_that_no_service_loads_plug_2() {
    const MAX: u64 = 16 * 1024 * 1024;
    let folder = guard(PROCEEDS);
    let component = fs::File::create(folder.path("plugins/guard/plugin.wasm")).unwrap();
    // The file has no blocks on the disk.
    component.set_len(MAX + 1).unwrap();
    let sign = ["sign", "guard", "--key", "signing.key"];
    let problem = folder.try_command(&sign).unwrap_err();
    let expected = format!(
        "error: plugins/guard/plugin.wasm cannot be read or written\n  caused by: the file has more than {MAX} bytes\n"
    );
    assert_eq!(problem, expected);
}

#[test]
fn run_prints_values_and_rejections_plug_1() {
    let folder = guard(PROCEEDS);
    fs::write(folder.path("values.json"), r#"{"total": 7}"#).unwrap();
    let run = |folder: &Folder| -> Value {
        let printed = folder.command(&["run", "guard", "before_biz", "--input", "values.json"]);
        serde_json::from_str(&printed).unwrap()
    };
    let expected = json!({ "values": { "total": 7 }, "failed": [] });
    assert_eq!(run(&folder), expected);
    folder.add("guard", MANIFEST, &module(VETOES), "hooks-and-events");
    let expected = json!({ "rejected": "PLUGIN_REJECTED", "message": "later" });
    assert_eq!(run(&folder), expected);
    // The command also applies the limits of the service, and fails with the plugin.
    folder.add("guard", MANIFEST, &module(LOOPS), "hooks-and-events");
    let failed = folder.try_command(&["run", "guard", "before_biz"]);
    assert!(failed.unwrap_err().ends_with(FAILED));
    let missing = folder.try_command(&["run", "guard", "before_data"]);
    let problem = "error: the plugin \"guard\" has no hook at the point before_data\n";
    assert_eq!(missing.unwrap_err(), problem);
}

#[test]
fn run_delivers_events_and_asks_for_decisions_plug_1() {
    let folder = guard(PROCEEDS);
    let input = |text: &str| fs::write(folder.path("input.json"), text).unwrap();
    let run = |function| folder.try_command(&["run", "guard", function, "--input", "input.json"]);
    // The handler of the guard rejects each event.
    input(r#"{"type": "user.login", "data": {"user": "u-7"}}"#);
    assert!(run("handle").unwrap_err().ends_with(FAILED));
    input(r#"{"type": "user.logout"}"#);
    let problem = "error: the plugin \"guard\" has no handler of user.logout\n";
    assert_eq!(run("handle").unwrap_err(), problem);
    input(r#"{"subject": "u-7", "action": "read", "resource": "order/1"}"#);
    let problem = "error: the plugin \"guard\" has no interface `policy`\n";
    assert_eq!(run("decide").unwrap_err(), problem);
    input(r#"{"subjekt": "u-7"}"#);
    let problem = run("decide").unwrap_err();
    assert!(
        problem.contains("input.json is not a valid input"),
        "{problem}"
    );
    let rules = "name = \"rules\"\nversion = \"1.0.0\"\napi = \"0.2.0\"\n";
    folder.add("rules", rules, &policy(), "policy-decision");
    let printed = folder.command(&["run", "rules", "decide"]);
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed, json!({ "decision": "deny", "reason": "later" }));
}

#[test]
fn commands_ignore_other_broken_plugins_plug_1() {
    let folder = guard(PROCEEDS);
    fs::create_dir(folder.path("plugins/broken")).unwrap();
    fs::write(folder.path("plugins/broken/plugin.toml"), "name = ").unwrap();
    folder.command(&["verify", "guard"]);
    folder.command(&["run", "guard", "before_biz"]);
}

#[test]
fn commands_reject_invalid_plugin_names_plug_1() {
    let folder = guard(PROCEEDS);
    let problem = folder.try_command(&["disable", "gaurd"]).unwrap_err();
    let expected = refused("does not have a folder in plugins or settings: check the name");
    assert_eq!(problem, expected.replace("guard", "gaurd"));
    assert!(!folder.path("config/gaurd.yaml").exists());
    let problem = folder.try_command(&["disable", "Guard"]).unwrap_err();
    let expected = refused(
        "does not have a valid name: use 1 to 64 lower-case letters, digits, '_' or '-', and no '-' at the start",
    );
    assert_eq!(problem, expected.replace("guard", "Guard"));
    let manifest = folder.path("plugins/guard/plugin.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        text.replace("name = \"guard\"", "name = \"other\""),
    )
    .unwrap();
    let sign = ["sign", "guard", "--key", "signing.key"];
    let problem = folder.try_command(&sign).unwrap_err();
    let expected =
        "error: plugins/guard/plugin.toml names \"other\": the folder must have the same name\n";
    assert_eq!(problem, expected);
    let component = fs::read(folder.path("plugins/guard/plugin.wasm")).unwrap();
    let pack = ["pack", "guard", "module.wat"];
    assert_eq!(folder.try_command(&pack).unwrap_err(), expected);
    let unchanged = fs::read(folder.path("plugins/guard/plugin.wasm")).unwrap();
    assert!(component == unchanged);
}

#[test]
fn error_of_a_module_has_no_control_characters_plug_2() {
    let folder = Folder::new();
    folder.add("guard", MANIFEST, &module(PROCEEDS), "hooks-and-events");
    let hostile = r#"(module (import "\1b[2J" "f" (func)))"#;
    fs::write(folder.path("hostile.wat"), hostile).unwrap();
    let pack = [
        "pack",
        "guard",
        "hostile.wat",
        "--world",
        "hooks-and-events",
    ];
    let problem = folder.try_command(&pack).unwrap_err();
    assert!(problem.contains("\\u001b[2J"), "{problem}");
    assert!(!problem.contains('\u{1b}'), "{problem}");
}

#[test]
fn variables_of_a_plugin_differ_from_those_of_the_service_plug_1() {
    let folder = Folder::new();
    let manifest = MANIFEST.replace("\"guard\"", "\"starter\"");
    folder.add("starter", &manifest, &module(PROCEEDS), "hooks-and-events");
    folder.configure("starter", "priority: 7\n");
    let run = |variable| {
        let function = ["run", "starter", "before_biz"];
        folder.try_command_with(&function, &[variable])
    };
    run(("STARTER__PLUGINS__AUTO_LOAD", "false")).unwrap();
    let problem = run(("PLUGIN_STARTER__ENABLED", "false")).unwrap_err();
    assert!(
        problem.contains("is disabled: set `enabled: true`"),
        "{problem}"
    );
}

#[test]
fn variables_disable_a_plugin_without_files_plug_2() {
    let folder = guard(PROCEEDS);
    let run = |variable| {
        let function = ["run", "guard", "before_biz"];
        folder.try_command_with(&function, &[variable])
    };
    run(("PLUGIN_GUARD__PRIORITY", "7")).unwrap();
    let problem = run(("PLUGIN_GUARD__ENABLED", "false")).unwrap_err();
    let expected = "is disabled: set `enabled: true`";
    assert!(problem.contains(expected), "{problem}");
    let problem = run(("PLUGIN_GUARD__PRIORITY", "first")).unwrap_err();
    let expected = "its settings in the environment have errors";
    assert!(problem.contains(expected), "{problem}");
}

#[test]
fn disable_stops_the_plugin_of_a_running_service_plug_1() {
    let folder = guard(PROCEEDS);
    let app = folder.app().start().unwrap();
    let created = app.send("POST", "/api/v1/auth/register", USER).unwrap();
    assert_eq!(created.status, 200, "{}", created.body);
    folder.add("guard", MANIFEST, &module(VETOES), "hooks-and-events");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(eventually(async || log_in(&app).0 == 429));
    folder.configure("guard", "priority: 7\n");
    let printed = folder.command(&["disable", "guard"]);
    assert_eq!(printed, "guard is disabled in config/guard.yaml\n");
    runtime.block_on(eventually(async || log_in(&app).0 == 200));
    // The service may stop the plugin first, and then reload it with its settings.
    runtime.block_on(eventually(async || {
        let info = get(app.admin, "/plugins/guard").unwrap().body;
        let info: Value = serde_json::from_str(&info).unwrap();
        info["status"] == "initialized"
    }));
    let settings = fs::read_to_string(folder.path("config/guard.yaml")).unwrap();
    assert_eq!(settings, "enabled: false\npriority: 7\n");
    assert!(app.stop().unwrap().status.success());
    let audited = audited(&folder.database());
    let reloads = audited
        .iter()
        .filter(|(action, _)| action == "plugin.reload");
    assert!(reloads.count() > 0, "{audited:?}");
}
