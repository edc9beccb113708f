use std::{
    sync::{Arc, Barrier},
    thread,
};

use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};
use tutoring_testkit::audit_entries;

use crate::app::{TestAdmin, TestApp, json_of, rejection};

fn change(app: &TestApp, by: &TestAdmin, target: &TestAdmin, body: &Value) -> HttpResponse {
    app.call("PATCH", &format!("/admins/{}", target.id), &by.token, body)
}

pub(crate) async fn territory_limits_what_an_admin_sees_and_manages_auth_5(app: TestApp) {
    let root = app.super_admin();
    let karnataka = app.create(&root, "k@example.org", "state_admin", &["Karnataka"]);
    let mysuru = app.create(
        &karnataka,
        "m@example.org",
        "district_admin",
        &["karnataka", "Mysuru"],
    );
    let kerala = app.create(&root, "kerala@example.org", "state_admin", &["Kerala"]);

    let emails = |by: &TestAdmin| {
        let list = json_of(&app.get("/admins?limit=10", by));
        let items = list["data"]["items"].as_array().unwrap().clone();
        assert_eq!(list["data"]["pagination"]["total"], items.len());
        items
            .iter()
            .map(|admin| admin["email"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(emails(&root).len(), 4);
    assert_eq!(emails(&karnataka), ["m@example.org", "k@example.org"]);
    assert_eq!(emails(&mysuru), ["m@example.org"]);
    assert_eq!(
        app.get(&format!("/admins/{}", mysuru.id), &karnataka)
            .status,
        200
    );
    for hidden in [&kerala.id, &root.id, "unknown"] {
        let answer = app.get(&format!("/admins/{hidden}"), &karnataka);
        assert_eq!(rejection(&answer), (404, "NOT_FOUND".to_owned()));
    }
    let forbidden = (403, "FORBIDDEN".to_owned());
    for (role, place) in [
        ("district_admin", &["Kerala", "Idukki"][..]),
        ("state_admin", &["Karnataka"]),
        ("super_admin", &[]),
    ] {
        let answer = app.try_create(&karnataka, "new@example.org", role, place);
        assert_eq!(rejection(&answer), forbidden, "{role}");
    }
    let moved = json!({ "territory": { "state": "Kerala", "district": "Idukki" } });
    assert_eq!(
        rejection(&change(&app, &karnataka, &mysuru, &moved)),
        forbidden
    );
    let promoted = json!({ "roles": ["state_admin"], "territory": { "state": "Karnataka" } });
    assert_eq!(
        rejection(&change(&app, &karnataka, &mysuru, &promoted)),
        forbidden
    );
    let own = json!({ "roles": ["super_admin"], "territory": {} });
    assert_eq!(
        rejection(&change(&app, &karnataka, &karnataka, &own)),
        forbidden
    );
    let named = change(&app, &mysuru, &mysuru, &json!({ "fullName": "Katherine" }));
    assert_eq!(
        json_of(&named)["data"]["fullName"],
        "Katherine",
        "{}",
        named.body
    );
}

pub(crate) async fn suspension_ends_sessions_at_once_auth_5(app: TestApp) {
    let root = app.super_admin();
    let admin = app.create(&root, "k@example.org", "state_admin", &["Karnataka"]);
    let suspended = change(
        &app,
        &root,
        &admin,
        &json!({ "status": "suspended", "reason": "leave" }),
    );
    assert_eq!(suspended.status, 200, "{}", suspended.body);
    assert_eq!(app.get("/auth/me", &admin).status, 401);
    assert_eq!(app.refresh(&admin.refresh).status, 401);
    let refused = app.log_in(&admin.email, &admin.password);
    assert_eq!(rejection(&refused), (403, "FORBIDDEN".to_owned()));
    assert_eq!(
        change(&app, &root, &admin, &json!({ "status": "active" })).status,
        200
    );
    app.logged_in(&admin.email, &admin.password);
}

pub(crate) async fn concurrent_demotions_keep_one_super_admin_auth_5(app: TestApp) {
    let one = app.super_admin();
    let other = app.create(&one, "other@example.org", "super_admin", &[]);
    let (app, barrier) = (Arc::new(app), Arc::new(Barrier::new(2)));
    let demote = |by: &TestAdmin, target: &TestAdmin| {
        let (app, barrier) = (Arc::clone(&app), Arc::clone(&barrier));
        let (by, target) = (by.clone(), target.clone());
        thread::spawn(move || {
            barrier.wait();
            change(&app, &by, &target, &json!({ "status": "suspended" })).status
        })
    };
    let (first, second) = (demote(&one, &other), demote(&other, &one));
    let mut statuses = [first.join().unwrap(), second.join().unwrap()];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200, "{statuses:?}");
    assert!([401, 403].contains(&statuses[1]), "{statuses:?}");
}

pub(crate) async fn permissions_of_a_role_apply_at_once_auth_5(app: TestApp) {
    let root = app.super_admin();
    let admin = app.create(&root, "k@example.org", "state_admin", &["Karnataka"]);
    let set = |by: &TestAdmin, role: &str, permissions: Value| {
        let body = json!({ "permissions": permissions, "reason": "test" });
        app.call("PUT", &format!("/roles/{role}"), &by.token, &body)
    };
    assert_eq!(set(&admin, "zone_admin", json!([])).status, 403);
    assert_eq!(set(&root, "super_admin", json!([])).status, 409);
    assert_eq!(set(&root, "emperor", json!([])).status, 404);
    let unknown = set(&root, "state_admin", json!(["role:read", "tea:make"]));
    assert_eq!(json_of(&unknown)["errors"][0]["field"], "permissions[1]");

    let changed = set(&root, "state_admin", json!(["role:read", "role:read"]));
    assert_eq!(
        json_of(&changed)["data"]["permissions"],
        json!(["role:read"])
    );
    assert_eq!(
        app.get("/admins", &admin).status,
        401,
        "the session has ended"
    );
    let admin = app.logged_in(&admin.email, &admin.password);
    assert_eq!(
        rejection(&app.get("/admins", &admin)),
        (403, "FORBIDDEN".to_owned())
    );
    let roles = json_of(&app.get("/roles", &admin));
    assert_eq!(roles["data"]["items"][1]["name"], "state_admin");
    assert_eq!(
        roles["data"]["items"][1]["permissions"],
        json!(["role:read"])
    );

    // Roles and the audit log belong to the whole platform, so permissions alone are not enough.
    let given = json!(["role:write", "audit:read", "admin:read"]);
    assert_eq!(set(&root, "state_admin", given).status, 200);
    let admin = app.logged_in(&admin.email, &admin.password);
    assert_eq!(app.get("/admins", &admin).status, 200);
    let forbidden = (403, "FORBIDDEN".to_owned());
    let lower = set(&admin, "zone_admin", json!([]));
    assert_eq!(rejection(&lower), forbidden);
    assert_eq!(rejection(&app.get("/audit-log", &admin)), forbidden);

    let updates = audit_entries(&app.database().await, "role.update").await;
    assert_eq!(updates.len(), 2, "{updates:?}");
    assert_eq!(
        (&updates[0]["after"], &updates[1]["before"]),
        (&json!("role:read"), &json!("role:read"))
    );
    assert_eq!(
        (&updates[1]["permission"], &updates[1]["reason"]),
        (&json!("role:write"), &json!("test"))
    );
}

pub(crate) async fn changes_are_in_the_audit_log_obs_11(app: TestApp) {
    let root = app.super_admin();
    let admin = app.create(&root, "k@example.org", "state_admin", &["Karnataka"]);
    app.log_in(&admin.email, "Wrong-password-1");
    change(
        &app,
        &root,
        &admin,
        &json!({ "status": "inactive", "reason": "moved away" }),
    );
    let log = json_of(&app.get(&format!("/audit-log?targetId={}", admin.id), &root));
    let items = log["data"]["items"].as_array().unwrap();
    let actions: Vec<_> = items
        .iter()
        .map(|record| record["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["admin.update", "admin.login", "admin.create"]);
    let update = &items[0];
    assert_eq!(
        (&update["actor"], &update["targetType"]),
        (&json!(root.id), &json!("admin"))
    );
    assert_eq!(update["ip"], "127.0.0.1");
    let details = &update["details"];
    assert_eq!(details["permission"], "admin:write");
    assert_eq!(details["reason"], "moved away");
    assert!(
        details["before"].as_str().unwrap().contains("\"active\""),
        "{details}"
    );
    assert!(
        details["after"].as_str().unwrap().contains("\"inactive\""),
        "{details}"
    );
    let refused = json_of(&app.get("/audit-log?action=admin.login&limit=100", &root));
    let outcomes: Vec<_> = refused["data"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["outcome"].clone())
        .collect();
    assert_eq!(outcomes[0], "refused");
}

pub(crate) async fn invalid_admins_name_every_field_api_3(app: TestApp) {
    let root = app.super_admin();
    let missing = app.try_create(&root, "d@example.org", "zone_admin", &["Karnataka"]);
    let fields: Vec<_> = json_of(&missing)["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    assert_eq!(fields, ["territory.district", "territory.zone"]);
    let address = app.try_create(&root, "not an address", "super_admin", &[]);
    assert_eq!(json_of(&address)["errors"][0]["field"], "email");
    let taken = app.try_create(&root, &root.email.to_uppercase(), "super_admin", &[]);
    assert_eq!(rejection(&taken), (409, "CONFLICT".to_owned()));
    let role = app.try_create(&root, "e@example.org", "emperor", &[]);
    assert_eq!(rejection(&role), (400, "VALIDATION_ERROR".to_owned()));
    for query in ["limit=101", "page=0", "page=one", "status=asleep"] {
        let listed = app.get(&format!("/admins?{query}"), &root);
        assert_eq!(
            rejection(&listed),
            (400, "VALIDATION_ERROR".to_owned()),
            "{query}"
        );
    }
}
