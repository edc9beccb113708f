use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{PASSWORD, TestApp, rejection};

pub(crate) async fn disabled_account_is_logged_out_until_enabled_auth_3(app: TestApp) {
    let trainer = app.trainer("asha");
    let own = || {
        let path = "/trainers/auth/profile";
        app.call("GET", path, &trainer.token, &Value::Null).status
    };
    let log_in = || {
        let body = json!({ "email": "asha@example.org", "password": PASSWORD });
        app.call("POST", "/trainers/auth/login", "", &body)
    };
    // Returns the version of the published snapshot, which is higher than `known`.
    let set = |action: &str, is_disabled: bool, known: i64| {
        let done = app.run(&["accounts", action, &trainer.id]);
        assert!(done.status.success(), "{done:?}");
        let changed = app.wait_for_event("TRAINER_CHANGED", |event| {
            let version = event["version"].as_i64();
            version > Some(known) && event["snapshot"]["isDisabled"] == is_disabled
        });
        changed["version"].as_i64().unwrap()
    };
    assert_eq!((own(), log_in().status), (200, 200));
    let disabled = set("disable", true, 0);
    assert_eq!(rejection(&log_in()), (403, "FORBIDDEN".to_owned()));
    if app.redis.is_some() {
        assert_eq!(own(), 401);
    }
    set("enable", false, disabled);
    assert_eq!(log_in().status, 200);
    let unknown = app.run(&["accounts", "disable", &Uuid::nil().to_string()]);
    assert!(!unknown.status.success(), "{unknown:?}");
}
