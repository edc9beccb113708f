//! Random changes of plugins at the same time.

use std::time::Duration;

use seaworthy_plugins::{
    Event, EventType, HookCall, HookPoint, PluginErrorCode, PluginStatus, Plugins,
};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use crate::{app::Setup, guest::Guest};

const HOOK: &str = "[[hooks]]\nname = \"note\"\npoint = \"before_biz\"\ntimeout = \"30s\"\n";
const HANDLER: &str = "[[handlers]]\nname = \"note\"\ntypes = [\"user.login\"]\n";
const NAMES: [&str; 3] = ["base", "child", "other"];
/// The changes of one operator.
const CHANGES: usize = 60;
const OPERATORS: usize = 4;
/// Far longer than one change needs. A deadlock never ends. All changes together have no timeout,
/// because their compilations have a low priority, so a loaded machine runs them slowly.
const TIMEOUT: Duration = Duration::from_secs(240);

/// Runs a change that follows from two numbers. Most of them fail, because they do not fit the
/// status.
async fn change(plugins: &Plugins, operator: usize, number: usize) {
    let digest = Sha256::digest(format!("{operator} {number}"));
    let mut digest = digest.into_iter().map(usize::from);
    let mut below = |end: usize| digest.next().unwrap() % end;
    let name = *NAMES.get(below(NAMES.len())).unwrap();
    let changed = match below(8) {
        0 => plugins.load(name).await.map(drop),
        1 | 2 => plugins.start_plugin(name).await,
        3 => plugins.stop_plugin(name).await,
        4 | 5 => plugins.reload(name).await,
        6 => plugins.unload(name).await,
        _ => plugins.load_folder().await,
    };
    if let Err(error) = changed {
        let expected = [
            PluginErrorCode::NotFound,
            PluginErrorCode::AlreadyExists,
            PluginErrorCode::Dependency,
        ];
        assert!(expected.contains(&error.code()), "{name}: {error}");
    }
}

/// Calls plugins until the drop of the future.
async fn use_plugins(plugins: &Plugins) {
    loop {
        let call = plugins.run_hooks(HookPoint::BeforeBiz, HookCall::new());
        assert_eq!(call.await.unwrap().failed, []);
        let login = Event::new(EventType::USER_LOGIN, "accounts");
        // An event may reach a version that ends before its call.
        for (handler, error) in plugins.events().publish(login).await {
            assert_eq!(error.to_string(), "is stopped", "{handler}");
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_changes_keep_dependencies_and_end_plug_1() {
    let app = Setup::new()
        .config(|config| {
            config.auto_load = Some(false);
            config.security.max_cpu_percent = Some(100);
        })
        .plugin("base", HOOK, &Guest::quiet())
        .plugin(
            "child",
            &format!("dependencies = [\"base\"]\n{HOOK}"),
            &Guest::quiet(),
        )
        .plugin("other", HANDLER, &Guest::handler("(i32.const 16)"))
        .settings("other", "retry_count: 0\n")
        .start()
        .await
        .unwrap();
    let operators = (0..OPERATORS).map(|operator| {
        let plugins = app.plugins.clone();
        tokio::spawn(async move {
            for number in 0..CHANGES {
                let changed = timeout(TIMEOUT, change(&plugins, operator, number)).await;
                assert!(changed.is_ok(), "change {number} of operator {operator}");
            }
        })
    });
    let operators: Vec<_> = operators.collect();
    let changes = async {
        for operator in operators {
            operator.await.unwrap();
        }
    };
    tokio::select! {
        () = changes => {}
        () = use_plugins(&app.plugins) => {}
    }
    let status = |name| app.plugins.status(name);
    if status("child") == PluginStatus::Started {
        assert_eq!(status("base"), PluginStatus::Started);
    }
    if status("child") != PluginStatus::Unloaded {
        assert_ne!(status("base"), PluginStatus::Unloaded);
    }
    for name in ["child", "base", "other"] {
        drop(app.plugins.unload(name).await);
    }
    assert!(app.plugins.list().is_empty());
    assert!(!app.plugins.has_hooks(HookPoint::BeforeBiz));
    assert_eq!(
        format!("{:?}", app.plugins.events()),
        "EventBus { handlers: [], .. }"
    );
}
