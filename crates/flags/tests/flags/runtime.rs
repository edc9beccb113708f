//! Overrides and definitions at run time.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use futures::future::BoxFuture;
use seaworthy_core::{Code, Error, Timeout};
use seaworthy_flags::{
    Author, Change, ChangeError, Context, FileStore, Flag, Flags, Kind, MemoryStore, NewOverride,
    OverrideScope, Reason, RuntimeState, RuntimeStore, StoreError,
};
use serde_json::json;

static CLOCK: AtomicI64 = AtomicI64::new(1_800_000_000);

fn clock() -> i64 {
    CLOCK.load(Ordering::Relaxed)
}

fn flags() -> Flags {
    Flags::with_clock(Context::new(), || 1_800_000_000)
}

fn author() -> Author {
    Author::new("a test").actor("ann")
}

async fn checkout(flags: &Flags) {
    let entry = json!({"enabled": true, "users": ["eve"]});
    flags
        .define("checkout", entry, None, &author())
        .await
        .unwrap();
}

/// A store that can be down.
#[derive(Debug, Clone, Default)]
struct FragileStore {
    inner: Arc<MemoryStore>,
    is_down: Arc<AtomicBool>,
}

impl FragileStore {
    fn check(&self) -> Result<(), StoreError> {
        match self.is_down.load(Ordering::Relaxed) {
            true => Err(StoreError::new("down")),
            false => Ok(()),
        }
    }
}

impl RuntimeStore for FragileStore {
    fn load(&self, known: u64) -> BoxFuture<'_, Result<Option<RuntimeState>, StoreError>> {
        Box::pin(async move {
            self.check()?;
            self.inner.load(known).await
        })
    }

    fn save<'a>(
        &'a self,
        state: &'a RuntimeState,
        change: &'a Change,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            self.check()?;
            self.inner.save(state, change).await
        })
    }
}

#[tokio::test]
async fn user_override_beats_tenant_and_all_flag_1() {
    let flags = flags();
    checkout(&flags).await;
    let toggle = flags.declare(Flag::boolean("checkout", false)).unwrap();
    let (tenant, user) = (
        Context::new().with("tenant", "acme"),
        Context::new().with("tenant", "acme").targeting_key("ann"),
    );
    let set = |variant, scope| NewOverride::new("checkout", variant).scope(scope);
    let all = set("on", OverrideScope::All);
    flags.set_override(&all, &author()).await.unwrap();
    let evaluation = toggle.evaluate();
    assert_eq!(
        (evaluation.value, evaluation.reason),
        (true, Reason::Static)
    );
    let acme = set("off", OverrideScope::Tenant("acme".into()));
    flags.set_override(&acme, &author()).await.unwrap();
    assert!(toggle.get() && !toggle.get_with(&tenant) && !toggle.get_with(&user));
    let ann = set("on", OverrideScope::User("ann".into()));
    flags.set_override(&ann, &author()).await.unwrap();
    assert!(toggle.get_with(&user) && !toggle.get_with(&tenant));
    // The rule of the flag applies again to the others.
    let all = OverrideScope::All;
    flags
        .unset_override("checkout", &all, &author())
        .await
        .unwrap();
    assert!(!toggle.get());
    assert!(toggle.get_with(&Context::new().targeting_key("eve")));
}

#[tokio::test]
async fn override_of_undefined_flag_is_possible_flag_1() {
    let flags = flags();
    let search = flags.declare(Flag::boolean("search", true)).unwrap();
    let off = NewOverride::new("search", "off");
    flags.set_override(&off, &author()).await.unwrap();
    assert!(!search.get());
}

#[tokio::test]
async fn override_with_errors_changes_nothing_flag_1() {
    let flags = flags();
    checkout(&flags).await;
    let new = |variant| NewOverride::new("checkout", variant);
    for (new, author, reason) in [
        (NewOverride::new("x", "on"), author(), "FLAG_NOT_FOUND"),
        (new("blue"), author(), "UNKNOWN_VARIANT"),
        (new("on"), Author::new(" "), "VALIDATION_FAILED"),
        (
            new("on").expires_in(Timeout::from_secs(86_401)),
            author(),
            "VALIDATION_FAILED",
        ),
        (
            new("on").scope(OverrideScope::User(String::new())),
            author(),
            "VALIDATION_FAILED",
        ),
    ] {
        let error = Error::from(flags.set_override(&new, &author).await.unwrap_err());
        assert_eq!(error.reason(), reason);
    }
    let all = OverrideScope::All;
    let missing = flags.unset_override("checkout", &all, &author()).await;
    assert!(matches!(missing, Err(ChangeError::NoOverride(_))));
    assert!(flags.runtime_state().overrides.is_empty());
}

#[tokio::test]
async fn kill_switch_needs_no_expiry_flag_1() {
    let flags = Flags::with_clock(Context::new(), clock);
    checkout(&flags).await;
    flags
        .declare(Flag::boolean("stop", true).kind(Kind::KillSwitch))
        .unwrap();
    for key in ["checkout", "stop"] {
        let off = NewOverride::new(key, "off");
        flags.set_override(&off, &author()).await.unwrap();
    }
    let state = flags.runtime_state();
    let ends = |key: &str| {
        state
            .overrides
            .iter()
            .find(|set| set.key == key)
            .unwrap()
            .expires_at
    };
    assert_eq!(ends("checkout").unwrap().timestamp(), clock() + 3_600);
    assert_eq!(ends("stop"), None);
}

#[tokio::test]
async fn override_ends_at_its_time_flag_1() {
    static TIME: AtomicI64 = AtomicI64::new(1_800_000_000);
    let flags = Flags::with_clock(Context::new(), || TIME.load(Ordering::Relaxed));
    checkout(&flags).await;
    let toggle = flags.declare(Flag::boolean("checkout", false)).unwrap();
    let on = NewOverride::new("checkout", "on").expires_in(Timeout::from_secs(60));
    flags.set_override(&on, &author()).await.unwrap();
    TIME.fetch_add(59, Ordering::Relaxed);
    flags.refresh().await.unwrap();
    assert!(toggle.get());
    TIME.fetch_add(1, Ordering::Relaxed);
    flags.refresh().await.unwrap();
    assert!(!toggle.get());
}

#[tokio::test]
async fn definition_with_old_version_is_rejected_flag_1() {
    let flags = flags();
    checkout(&flags).await;
    let version = flags.version("checkout");
    let off = json!({"enabled": false});
    let changed = flags
        .define("checkout", off.clone(), Some(version), &author())
        .await;
    assert_eq!(changed.unwrap().version, version + 1);
    let late = flags
        .define("checkout", off, Some(version), &author())
        .await;
    assert_eq!(Error::from(late.unwrap_err()).code(), Code::Conflict);
}

#[tokio::test]
async fn definition_with_errors_changes_nothing_flag_1() {
    let flags = flags();
    checkout(&flags).await;
    let wrong = json!({"enabled": true, "percentage": 120, "requires": ["none"]});
    let error = flags
        .define("checkout", wrong, None, &author())
        .await
        .unwrap_err();
    let ChangeError::Invalid(problems) = error else {
        panic!("{error}");
    };
    assert_eq!(problems.len(), 2, "{problems:?}");
    // A type that the code does not expect is an error too.
    let toggle = flags.declare(Flag::boolean("checkout", false)).unwrap();
    let text = json!({"enabled": true, "variants": {"a": 1}});
    assert!(
        flags
            .define("checkout", text, None, &author())
            .await
            .is_err()
    );
    assert!(toggle.get_with(&Context::new().targeting_key("eve")));
}

#[tokio::test]
async fn removed_flag_returns_default_of_code_flag_1() {
    let flags = flags();
    checkout(&flags).await;
    let toggle = flags.declare(Flag::boolean("checkout", true)).unwrap();
    assert!(!toggle.get());
    flags.remove("checkout", None, &author()).await.unwrap();
    assert!(toggle.get());
    assert_eq!(flags.entry("checkout"), None);
}

#[tokio::test]
async fn removed_flags_leave_nothing_in_the_state_flag_1() {
    let store = FragileStore::default();
    let replica = || Flags::with_store(Context::new(), store.clone());
    let (one, other) = (replica(), replica());
    checkout(&one).await;
    other.refresh().await.unwrap();
    assert!(other.set().get("checkout").is_some());
    one.remove("checkout", None, &author()).await.unwrap();
    assert!(one.runtime_state().definitions.is_empty());
    other.refresh().await.unwrap();
    assert!(other.set().get("checkout").is_none());

    // A flag that is read as missing is written as a new one, also if the code declares it.
    let on = || json!({"enabled": true});
    for key in ["checkout", "declared"] {
        let toggle = other.declare(Flag::boolean(key, false)).unwrap();
        for _ in 0..2 {
            assert_eq!(other.version(key), 0);
            other.define(key, on(), Some(0), &author()).await.unwrap();
            assert!(toggle.get());
            other.remove(key, None, &author()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn removed_flags_do_not_count_as_definitions_flag_1() {
    let store = FragileStore::default();
    let definition = |number: i32| {
        let entry = (number < 999).then(|| json!(true));
        let definition =
            json!({"entry": entry, "version": 1, "actor": "ann", "set_at": "2026-01-01T00:00:00Z"});
        (format!("flag{number}"), definition)
    };
    let definitions: serde_json::Map<_, _> = (0..2_000).map(definition).collect();
    let state = json!({"version": 1, "overrides": [], "definitions": definitions});
    let state: RuntimeState = serde_json::from_value(state).unwrap();
    assert!(store.save(&state, &change()).await.unwrap());
    let flags = Flags::with_store(Context::new(), store);
    let author = author();
    let define = |key: &'static str| flags.define(key, json!(true), None, &author);
    define("one").await.unwrap();
    define("one").await.unwrap();
    for key in ["other", "flag1000"] {
        let full = define(key).await.unwrap_err();
        assert!(matches!(full, ChangeError::TooMany(_)), "{full}");
    }
    flags.remove("flag0", None, &author).await.unwrap();
    define("other").await.unwrap();
}

#[tokio::test]
async fn size_of_all_definitions_is_limited_flag_1() {
    let flags = flags();
    let define = |key: &'static str, entry| {
        let flags = &flags;
        async move { flags.define(key, entry, None, &author()).await }
    };
    let description = "x".repeat(16 * 1024 * 1024);
    let large = define(
        "large",
        json!({"enabled": true, "description": description}),
    );
    let error = large.await.unwrap_err();
    assert!(matches!(error, ChangeError::TooMany(_)), "{error}");
    assert!(flags.set().get("large").is_none());
    define("small", json!(true)).await.unwrap();
}

fn change() -> Change {
    serde_json::from_value(json!({
        "action": "override", "key": "a", "actor": "ann", "reason": "x", "before": null, "after": null,
    }))
    .unwrap()
}

#[tokio::test]
async fn state_file_survives_crash_flag_1() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path().join("state.json"));
    let mut state = RuntimeState::default();
    let change = change();
    state.version = 1;
    assert!(store.save(&state, &change).await.unwrap());
    // Another process has stored version 1 already.
    assert!(!store.save(&state, &change).await.unwrap());
    // A crash leaves a part of a temporary file.
    std::fs::write(folder.path().join("state.1.tmp"), "{\"vers").unwrap();
    let read = FileStore::new(folder.path().join("state.json"))
        .load(0)
        .await;
    assert_eq!(read.unwrap().unwrap().version, 1);
    assert_eq!(store.load(1).await.unwrap(), None);
}

#[tokio::test]
async fn store_that_is_down_rejects_all_but_kill_switches_flag_1() {
    let store = FragileStore::default();
    let flags = Flags::with_store(Context::new(), store.clone());
    checkout(&flags).await;
    let stop = Flag::boolean("stop", true).kind(Kind::KillSwitch);
    let stop = flags.declare(stop).unwrap();
    store.is_down.store(true, Ordering::Relaxed);
    let off = NewOverride::new("checkout", "off");
    let refused = flags.set_override(&off, &author()).await.unwrap_err();
    assert_eq!(Error::from(refused).code(), Code::Unavailable);
    let off = NewOverride::new("stop", "off");
    let changed = flags.set_override(&off, &author()).await.unwrap();
    assert!(!changed.stored);
    assert!(!stop.get());
    // The store gets the change when it is back, and other replicas read it.
    store.is_down.store(false, Ordering::Relaxed);
    flags.refresh().await.unwrap();
    assert!(!stop.get());
    let other = Flags::with_store(Context::new(), store);
    let there = other.declare(Flag::boolean("stop", true)).unwrap();
    other.refresh().await.unwrap();
    assert!(!there.get());
}

/// Two replicas of one store, with a kill switch that is set to off on the first one while the
/// store is down.
async fn divided() -> (Flags, Flags) {
    let store = FragileStore::default();
    let replica = || {
        let flags = Flags::with_store(Context::new(), store.clone());
        let stop = Flag::boolean("stop", true).kind(Kind::KillSwitch);
        (flags.declare(stop).unwrap(), flags).1
    };
    let (one, other) = (replica(), replica());
    let on = NewOverride::new("stop", "on");
    one.set_override(&on, &author()).await.unwrap();
    other.refresh().await.unwrap();
    store.is_down.store(true, Ordering::Relaxed);
    let off = NewOverride::new("stop", "off");
    let changed = one.set_override(&off, &author()).await.unwrap();
    assert!(!changed.stored);
    store.is_down.store(false, Ordering::Relaxed);
    (one, other)
}

fn stopped(flags: &Flags) -> Vec<String> {
    let overrides = flags.runtime_state().overrides.into_iter();
    overrides.map(|set| set.variant).collect()
}

#[tokio::test]
async fn waiting_kill_switch_yields_to_newer_override_flag_1() {
    let (one, other) = divided().await;
    let on = NewOverride::new("stop", "on");
    let later = Author::new("it works again").actor("bob");
    other.set_override(&on, &later).await.unwrap();
    one.refresh().await.unwrap();
    other.refresh().await.unwrap();
    assert_eq!(
        (stopped(&one), stopped(&other)),
        (vec!["on".into()], vec!["on".into()])
    );
}

#[tokio::test]
async fn waiting_kill_switch_yields_to_newer_removal_flag_1() {
    let (one, other) = divided().await;
    let all = OverrideScope::All;
    other.unset_override("stop", &all, &author()).await.unwrap();
    one.refresh().await.unwrap();
    assert_eq!(stopped(&one), Vec::<String>::new());
}

#[tokio::test]
async fn waiting_kill_switch_replaces_older_override_flag_1() {
    let (one, other) = divided().await;
    one.refresh().await.unwrap();
    other.refresh().await.unwrap();
    assert_eq!(stopped(&other), ["off"]);
}

#[tokio::test]
async fn entry_copies_no_other_definition_flag_1() {
    let flags = flags();
    for number in 0..50 {
        let entry = json!({"enabled": true, "users": ["eve"]});
        let key = format!("flag{number}");
        flags.define(&key, entry, None, &author()).await.unwrap();
    }
    let counted = allocation_counter::measure(|| {
        assert!(flags.entry("flag7").is_some());
    });
    assert!(counted.count_total < 20, "{}", counted.count_total);
}

#[tokio::test]
async fn replicas_change_flags_concurrently_flag_1() {
    let store = FragileStore::default();
    let replicas: Vec<_> = (0..3)
        .map(|_| Flags::with_store(Context::new(), store.clone()))
        .collect();
    checkout(&replicas[0]).await;
    let changes = (0..9).map(|number| {
        let flags = replicas[number % 3].clone();
        async move {
            flags.refresh().await.unwrap();
            let user = OverrideScope::User(format!("user-{number}"));
            let new = NewOverride::new("checkout", "on").scope(user);
            flags.set_override(&new, &author()).await
        }
    });
    for changed in futures::future::join_all(changes).await {
        changed.unwrap();
    }
    replicas[0].refresh().await.unwrap();
    assert_eq!(replicas[0].runtime_state().overrides.len(), 9);
}
