//! Reload: valid changes take effect, invalid ones change nothing (CONF-4).

use std::{fs, path::Path, time::Duration};

use seaworthy_config::{ConfigError, Environment, Loader, Origin, Watcher};
use tokio::{sync::mpsc, time::timeout};

use crate::settings::{Framework, Hello, Level, directory, schema};

/// Longer than any machine needs. Only a failing test waits for it.
const TIMEOUT: Duration = Duration::from_secs(20);

#[expect(
    clippy::unwrap_used,
    reason = "clippy knows only test functions as tests"
)]
fn watcher(directory: &Path) -> Watcher {
    let loader = Loader::new("hello")
        .directory(directory)
        .environment(Environment::default());
    let loaded = loader.load(&schema()).unwrap();
    Watcher::new(loader, schema(), loaded)
}

#[tokio::test]
async fn valid_change_reaches_every_handle_conf_4() {
    let directory = directory(&[("config.yaml", "log: { level: info }\ngreeting: Hi\n")]);
    let watcher = watcher(directory.path());
    let mut first = watcher.reloadable::<Framework>().unwrap();
    let mut second = watcher.reloadable::<Framework>().unwrap();
    let hello = watcher.reloadable::<Hello>().unwrap();

    let changed = "log: { level: warn }\ngreeting: Ahoy\nserver: { http: { origins: [a], connections: 7 } }\n";
    fs::write(directory.path().join("config.yaml"), changed).unwrap();
    let reloaded = watcher.reload().await.unwrap();

    timeout(TIMEOUT, first.changed()).await.unwrap();
    timeout(TIMEOUT, second.changed()).await.unwrap();
    assert_eq!(reloaded.changed, ["log", "server.http.origins"]);
    assert_eq!(
        reloaded.needs_restart,
        ["greeting", "server.http.connections"]
    );
    assert_eq!(first.load().log.level, Level::Warn);
    assert_eq!(second.load().server.http.origins, ["a"]);
    assert_eq!(second.load().server.http.connections, 10_000);
    assert_eq!(hello.load().greeting, "Hi");
    assert!(watcher.current().show().contains("greeting = \"Hi\""));
}

#[tokio::test]
async fn invalid_change_keeps_running_settings_and_is_counted_conf_4() {
    let directory = directory(&[("config.yaml", "log: { level: warn }\n")]);
    let watcher = watcher(directory.path());
    let (failed, mut failures) = mpsc::unbounded_channel();
    watcher.on_reload(move |outcome| {
        if let Err(errors) = outcome {
            let _ = failed.send(errors.to_string());
        }
    });
    let settings = watcher.reloadable::<Framework>().unwrap();
    for bad in ["log: { level: loud }\n", "log: [", "log: warn\n"] {
        fs::write(directory.path().join("config.yaml"), bad).unwrap();
        watcher.reload().await.unwrap_err();
        assert!(failures.recv().await.unwrap().contains("config.yaml:"));
        assert_eq!(settings.load().log.level, Level::Warn);
    }
    fs::write(directory.path().join("config.development.yaml"), "").unwrap();
    fs::remove_file(directory.path().join("config.yaml")).unwrap();
    let error = watcher.reload().await.unwrap_err().to_string();
    assert!(error.contains("the file was removed"), "{error}");
    assert_eq!(settings.load().log.level, Level::Warn);
    assert_eq!(watcher.failures(), 4);
}

#[tokio::test]
async fn rule_of_a_start_does_not_reject_a_reload_conf_4() {
    let directory = directory(&[("config.yaml", "log: { level: info }\n")]);
    let file = directory.path().join("other.txt");
    fs::write(&file, "").unwrap();
    let required = file.clone();
    let loader = Loader::new("hello")
        .directory(directory.path())
        .environment(Environment::default())
        .start_rule(move |_| match required.is_file() {
            true => Vec::new(),
            false => vec![ConfigError::new(Origin::Default, "greeting", "no file")],
        });
    let loaded = loader.load(&schema()).unwrap();
    let watcher = Watcher::new(loader.clone(), schema(), loaded);
    fs::remove_file(&file).unwrap();
    let error = loader.load(&schema()).unwrap_err().to_string();
    assert!(error.contains("no file"), "{error}");
    let settings = directory.path().join("config.yaml");
    fs::write(settings, "log: { level: warn }\n").unwrap();
    assert_eq!(watcher.reload().await.unwrap().changed, ["log"]);
}

#[tokio::test]
async fn reloads_change_before_the_watch_conf_4() {
    let directory = directory(&[("config.yaml", "log: { level: info }\n")]);
    let watcher = watcher(directory.path());
    let mut settings = watcher.reloadable::<Framework>().unwrap();
    fs::write(
        directory.path().join("config.yaml"),
        "log: { level: warn }\n",
    )
    .unwrap();
    let watching = watcher.clone();
    let watching = tokio::spawn(async move { watching.watch().await });
    timeout(TIMEOUT, settings.changed()).await.unwrap();
    assert_eq!(settings.load().log.level, Level::Warn);
    watching.abort();
}

#[tokio::test]
async fn reloads_after_rename_beside_temporary_files_conf_4() {
    let directory = directory(&[("config.yaml", "log: { level: info }\n")]);
    let watcher = watcher(directory.path());
    let mut settings = watcher.reloadable::<Framework>().unwrap();
    let (applied, mut outcomes) = mpsc::unbounded_channel();
    watcher.on_reload(move |outcome| {
        let _ = applied.send(outcome.is_ok());
    });
    let save = |level: &str| {
        // As editors do: a swap file full of half a document, a new file, a rename.
        fs::write(directory.path().join(".config.yaml.swp"), b"\x00log: [").unwrap();
        fs::write(directory.path().join("config.yaml~"), "log: [").unwrap();
        fs::write(
            directory.path().join("4913"),
            format!("log: {{ level: {level} }}\n"),
        )
        .unwrap();
        fs::rename(
            directory.path().join("4913"),
            directory.path().join("config.yaml"),
        )
        .unwrap();
    };
    let steps = async {
        for (level, expected) in [("warn", Level::Warn), ("debug", Level::Debug)] {
            save(level);
            settings.changed().await;
            assert_eq!(settings.load().log.level, expected);
        }
    };
    tokio::select! {
        biased;
        ended = watcher.watch() => panic!("the watch ended: {ended:?}"),
        done = timeout(TIMEOUT, steps) => done.unwrap(),
    }
    while let Ok(ok) = outcomes.try_recv() {
        assert!(ok, "a temporary file was loaded as configuration");
    }
}

#[tokio::test]
async fn watches_secret_file_of_a_variable_conf_5() {
    let secrets = directory(&[("key", "first\n")]);
    let by_file = format!("file:{}/key", secrets.path().display());
    let load = |environment| {
        let loader = Loader::new("hello").environment(environment);
        let loaded = loader.load(&schema()).unwrap();
        Watcher::new(loader, schema(), loaded)
    };
    assert!(!load(Environment::default()).has_files());
    let watcher = load(Environment::from([("HELLO__API_KEY", by_file.as_str())]));
    assert!(watcher.has_files());
    let (applied, mut outcomes) = mpsc::unbounded_channel();
    watcher.on_reload(move |outcome| {
        let _ = applied.send(outcome.cloned().map_err(ToString::to_string));
    });
    let steps = async {
        fs::write(secrets.path().join("new"), "the second\n").unwrap();
        fs::rename(secrets.path().join("new"), secrets.path().join("key")).unwrap();
        while outcomes.recv().await.unwrap().unwrap().needs_restart != ["api_key"] {}
    };
    tokio::select! {
        biased;
        ended = watcher.watch() => panic!("the watch ended: {ended:?}"),
        done = timeout(TIMEOUT, steps) => done.unwrap(),
    }
}

#[tokio::test]
async fn reloads_after_rotation_of_a_secret_file_conf_5() {
    let directory = directory(&[("key", "first\n")]);
    let config = crate::settings::directory(&[(
        "config.yaml",
        &format!("api_key: file:{}/key\n", directory.path().display()),
    )]);
    let watcher = watcher(config.path());
    let (applied, mut outcomes) = mpsc::unbounded_channel();
    watcher.on_reload(move |outcome| {
        let _ = applied.send(outcome.cloned().map_err(ToString::to_string));
    });
    let steps = async {
        fs::write(directory.path().join("new"), "second\n").unwrap();
        fs::rename(directory.path().join("new"), directory.path().join("key")).unwrap();
        loop {
            let reloaded = outcomes.recv().await.unwrap().unwrap();
            if reloaded.needs_restart == ["api_key"] {
                break;
            }
        }
    };
    tokio::select! {
        biased;
        ended = watcher.watch() => panic!("the watch ended: {ended:?}"),
        done = timeout(TIMEOUT, steps) => done.unwrap(),
    }
    // Not marked reloadable, so the running value stays and the restart is asked for.
    let key = watcher.current().get::<Hello>().unwrap().api_key.unwrap();
    assert_eq!(key.expose(), "first");
}
