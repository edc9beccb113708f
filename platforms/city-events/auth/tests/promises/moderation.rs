use std::{
    sync::{Arc, Barrier},
    thread,
};

use serde_json::{Value, json};

use crate::place::{Person, Place, body, code};

fn moderate(
    place: &Place,
    actor: &Person,
    target: &str,
    what: &str,
) -> seaworthy_testkit::http::Answer {
    place.as_person(
        actor,
        "POST",
        &format!("/auth/v1/mod/users/{target}/{what}"),
        &Value::Null,
    )
}

fn give(
    place: &Place,
    actor: &Person,
    target: &str,
    role: &str,
) -> seaworthy_testkit::http::Answer {
    place.as_person(
        actor,
        "POST",
        &format!("/auth/v1/admin/users/{target}/role"),
        &json!({ "role": role }),
    )
}

pub(crate) async fn a_ban_takes_effect_at_once(place: Place) {
    let ada = place.register("ada@example.org");
    let moderator = place.seeded("moderator");
    for _ in 0..2 {
        let banned = moderate(&place, &moderator, &ada.id, "ban");
        assert_eq!(
            (banned.status, body(&banned)),
            (
                200,
                json!({ "data": { "status": "banned", "user_id": ada.id } })
            )
        );
    }
    let refused = place.as_person(&ada, "GET", "/auth/v1/me", &Value::Null);
    assert_eq!(
        (refused.status, code(&refused).as_str()),
        (401, "token_invalid")
    );
    let told = place
        .told("auth.user.changed", |body| body["user_id"] == ada.id)
        .await;
    assert_eq!(told["version"], 1, "a second ban changes nothing");
    for _ in 0..2 {
        let back = moderate(&place, &moderator, &ada.id, "unban");
        assert_eq!(
            (back.status, body(&back)),
            (
                200,
                json!({ "data": { "status": "unbanned", "user_id": ada.id } })
            )
        );
    }
    assert_eq!(
        place
            .log_in("ada@example.org", crate::place::PASSWORD)
            .status,
        200
    );
}

pub(crate) async fn nobody_moderates_themselves_or_above(place: Place) {
    let (admin, moderator, user) = (
        place.seeded("admin"),
        place.seeded("moderator"),
        place.seeded("user"),
    );
    let other = place.register("other@example.org");
    assert_eq!(give(&place, &admin, &other.id, "moderator").status, 200);
    for what in ["ban", "unban"] {
        let refused = |actor: &Person, target: &Person| {
            let answer = moderate(&place, actor, &target.id, what);
            (answer.status, code(&answer))
        };
        assert_eq!(
            refused(&moderator, &moderator),
            (403, "cannot_moderate_self".to_owned())
        );
        assert_eq!(
            refused(&admin, &admin),
            (403, "cannot_moderate_self".to_owned())
        );
        assert_eq!(
            refused(&moderator, &admin),
            (403, "cannot_moderate_admin".to_owned())
        );
        assert_eq!(
            refused(&user, &other),
            (403, "insufficient_role".to_owned())
        );
    }
    let meta = moderate(&place, &user, &other.id, "ban");
    assert_eq!(
        body(&meta)["error"]["meta"],
        json!({ "required": "moderator" })
    );
    assert_eq!(
        moderate(&place, &moderator, &other.id, "ban").status,
        200,
        "another moderator"
    );
    assert_eq!(moderate(&place, &admin, &moderator.id, "ban").status, 200);
    let gone = moderate(&place, &moderator, &user.id, "ban");
    assert_eq!((gone.status, code(&gone).as_str()), (401, "token_invalid"));
}

pub(crate) async fn roles_are_given_by_admins(place: Place) {
    let (admin, moderator) = (place.seeded("admin"), place.seeded("moderator"));
    let ada = place.register("ada@example.org");
    let given = give(&place, &admin, &ada.id, "moderator");
    let expected =
        json!({ "data": { "status": "role_updated", "user_id": ada.id, "role": "moderator" } });
    assert_eq!((given.status, body(&given)), (200, expected));
    assert_eq!(
        place
            .as_person(&ada, "GET", "/auth/v1/me", &Value::Null)
            .status,
        401,
        "the token says another role"
    );
    place
        .told("auth.user.changed", |body| body["user_id"] == ada.id)
        .await;
    let refused = |actor: &Person, target: &str, role: Value| {
        let path = format!("/auth/v1/admin/users/{target}/role");
        let answer = place.as_person(actor, "POST", &path, &json!({ "role": role }));
        (answer.status, code(&answer))
    };
    assert_eq!(
        refused(&admin, &ada.id, json!("king")),
        (400, "invalid_field".to_owned())
    );
    assert_eq!(
        refused(&admin, &ada.id, json!("")),
        (400, "missing_field".to_owned())
    );
    assert_eq!(
        refused(&admin, &admin.id, json!("user")),
        (403, "cannot_affect_self".to_owned())
    );
    assert_eq!(
        refused(&moderator, &ada.id, json!("admin")),
        (403, "insufficient_role".to_owned())
    );
    let nobody = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
    assert_eq!(
        refused(&admin, nobody, json!("admin")),
        (404, "user_not_found".to_owned())
    );

    for path in ["/auth/v1/admin", "/auth/v1/admin/"] {
        let answer = place.as_person(&admin, "GET", path, &Value::Null);
        let user = json!({ "id": admin.id, "email": "", "role": "admin", "email_verified": false, "locked": false, "has_password": false });
        assert_eq!(
            (answer.status, body(&answer)),
            (
                200,
                json!({ "data": { "message": "admin ok", "user": user } })
            )
        );
        assert_eq!(
            place
                .as_person(&moderator, "GET", path, &Value::Null)
                .status,
            403
        );
    }
    let status = place.as_person(
        &admin,
        "GET",
        &format!("/auth/v1/admin/users/{}/status", ada.id),
        &Value::Null,
    );
    let expected = json!({ "user_id": ada.id, "role": "moderator", "locked": false, "email_verified": false, "has_password": true });
    assert_eq!(body(&status)["data"], expected);
    let revoke = |target: &str| {
        place.as_person(
            &admin,
            "POST",
            &format!("/auth/v1/admin/users/{target}/sessions/revoke"),
            &Value::Null,
        )
    };
    let own = revoke(&admin.id);
    assert_eq!(
        (own.status, code(&own).as_str()),
        (403, "cannot_affect_self")
    );
    let revoked = revoke(&ada.id);
    assert_eq!(
        body(&revoked),
        json!({ "data": { "status": "revoked", "user_id": ada.id } })
    );
    assert_eq!(
        place.with_cookie(&ada.cookie, "/auth/v1/refresh").status,
        401
    );
    assert_eq!(revoke(nobody).status, 404);
}

pub(crate) async fn two_admins_cannot_demote_each_other(place: Place) {
    let admin = place.seeded("admin");
    let email = "second@example.org";
    let second = place.register(email);
    assert_eq!(give(&place, &admin, &second.id, "admin").status, 200);
    let second = crate::place::person(&place.log_in(email, crate::place::PASSWORD), 200);
    let barrier = Arc::new(Barrier::new(2));
    let demote = |actor: &Person, target: &Person| {
        let (barrier, address) = (Arc::clone(&barrier), place.http);
        let path = format!("/auth/v1/admin/users/{}/role", target.id);
        let bearer = format!("Bearer {}", actor.token);
        thread::spawn(move || {
            barrier.wait();
            let body = json!({ "role": "user" }).to_string();
            seaworthy_testkit::http::request(
                address,
                "POST",
                &path,
                &[("authorization", &bearer)],
                &body,
            )
            .unwrap()
        })
    };
    let (one, other) = (demote(&admin, &second), demote(&second, &admin));
    let mut statuses = [one.join().unwrap().status, other.join().unwrap().status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200, "{statuses:?}");
    assert!([401, 403].contains(&statuses[1]), "{statuses:?}");
    let database = place.connected().await;
    let (admins,): (i64,) = seaworthy::data::sql("SELECT count(*) FROM users WHERE role = 'admin'")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(admins, 1);
}

pub(crate) async fn an_id_that_is_none_is_404(place: Place) {
    let admin = place.seeded("admin");
    for id in ["nobody", "1", "%20", "6ba7b810-9dad-41d1-80b4-00c04fd430c8"] {
        for (method, path) in [
            ("POST", format!("/auth/v1/mod/users/{id}/ban")),
            ("GET", format!("/auth/v1/admin/users/{id}/status")),
            ("POST", format!("/auth/v1/admin/users/{id}/sessions/revoke")),
        ] {
            let answer = place.as_person(&admin, method, &path, &Value::Null);
            assert_eq!(
                (answer.status, code(&answer).as_str()),
                (404, "user_not_found"),
                "{path}"
            );
        }
    }
    // Every usual form of one that is known.
    let ada = place.register("ada@example.org");
    for id in [
        ada.id.to_uppercase(),
        ada.id.replace('-', ""),
        format!("urn:uuid:{}", ada.id),
        format!("%7B{}%7D", ada.id),
    ] {
        let answer = place.as_person(
            &admin,
            "GET",
            &format!("/auth/v1/admin/users/{id}/status"),
            &Value::Null,
        );
        assert_eq!(
            (answer.status, &body(&answer)["data"]["user_id"]),
            (200, &json!(ada.id)),
            "{id}"
        );
    }
}

pub(crate) async fn moderation_is_written_down(place: Place) {
    let moderator = place.seeded("moderator");
    let ada = place.register("ada@example.org");
    place.log_in("ada@example.org", "wrong wrong wrong");
    for _ in 0..2 {
        // What is over already is no logout.
        place.with_cookie(&ada.cookie, "/auth/v1/logout");
    }
    moderate(&place, &moderator, &ada.id, "ban");
    let database = place.connected().await;
    let records: Vec<(String, String, Option<String>)> = seaworthy::data::sql(
        "SELECT action, outcome, actor FROM audit_log WHERE target_id = ? ORDER BY sequence",
    )
    .bind(ada.id.as_str())
    .fetch_all(&database)
    .await
    .unwrap();
    let said: Vec<_> = records
        .iter()
        .map(|(action, outcome, actor)| (action.as_str(), outcome.as_str(), actor.as_deref()))
        .collect();
    assert_eq!(
        said,
        [
            ("user.register", "done", Some(ada.id.as_str())),
            ("user.login", "refused", None),
            ("user.logout", "done", Some(ada.id.as_str())),
            ("user.ban", "done", Some(moderator.id.as_str())),
        ]
    );
}
