use seaworthy_flags::{Change, RuntimeState, RuntimeStore};
use serde_json::json;

use crate::test_database::TestDatabase;

fn change() -> Change {
    serde_json::from_value(json!({
        "action": "override", "key": "a", "actor": "ann", "reason": "x", "before": null, "after": null,
    }))
    .unwrap()
}

fn state(version: u64) -> RuntimeState {
    RuntimeState {
        version,
        ..RuntimeState::default()
    }
}

/// Checks that versions follow one another, and that only newer states are read.
pub(crate) async fn conforms(store: &dyn RuntimeStore) {
    assert_eq!(store.load(0).await.unwrap(), None);
    assert!(!store.save(&state(2), &change()).await.unwrap());
    assert!(store.save(&state(1), &change()).await.unwrap());
    assert!(!store.save(&state(1), &change()).await.unwrap());
    assert!(store.save(&state(2), &change()).await.unwrap());
    assert_eq!(store.load(1).await.unwrap(), Some(state(2)));
    assert_eq!(store.load(2).await.unwrap(), None);
    // Of two concurrent changes of one version, one is stored.
    let (next, change) = (state(3), change());
    let (one, other) = tokio::join!(store.save(&next, &change), store.save(&next, &change));
    assert_ne!(one.unwrap_or(false), other.unwrap_or(false));
}

pub(crate) async fn database_keeps_newest_state_flag_1(database: TestDatabase) {
    conforms(&database.store()).await;
}
