use seaworthy::data::{
    chrono::{TimeDelta, Utc},
    sql,
};
use seaworthy_testkit::eventually;
use serde_json::{Value, json};
use tutoring_testkit::connect;
use uuid::Uuid;

use crate::app::{TestApp, data, json_of, requested, student, wait_for};

fn apple_token(fill: char) -> String {
    std::iter::repeat_n(fill, 64).collect()
}

/// Returns the active tokens of student 7.
fn active(app: &TestApp) -> Vec<String> {
    let devices = app.get("/device-tokens", &student(7));
    let devices = devices["items"].as_array().unwrap().clone();
    let active = devices.iter().filter(|device| device["active"] == true);
    let mut tokens: Vec<_> = active
        .map(|device| device["token"].as_str().unwrap().to_owned())
        .collect();
    tokens.sort();
    tokens
}

pub(crate) async fn pushes_reach_both_services_and_invalid_tokens_stop_int_1(app: TestApp) {
    app.register(7, "fcm:token-1", "android");
    app.register(7, &apple_token('a'), "ios");
    app.register(8, "fcm:of-another-user", "web");
    app.publish(&requested("On the way", Some(json!({ "sessionId": "s" }))))
        .await;
    let (push, apns) = wait_for("both pushes", || {
        let received = app.providers.received.lock().unwrap();
        Some((
            received.fcm.first()?.clone(),
            received.apns.first()?.clone(),
        ))
    });
    assert_eq!(push["token"], "fcm:token-1");
    assert_eq!(push["notification"]["title"], "On the way");
    let own = app.get("/notifications", &student(7))["items"][0].clone();
    // All values of data are text.
    assert_eq!(push["data"]["notificationId"], own["id"]);
    assert_eq!(push["data"]["data"], r#"{"sessionId":"s"}"#);
    let (token, headers, body) = apns;
    assert_eq!(token, apple_token('a'));
    assert_eq!(headers["apns-topic"], "org.example.tutoring");
    assert_eq!(headers["apns-push-type"], "alert");
    assert!(Uuid::parse_str(headers["apns-id"].to_str().unwrap()).is_ok());
    assert_eq!(body["aps"]["alert"]["title"], "On the way");

    // Both services report their tokens as invalid. The notification is stored.
    {
        let mut received = app.providers.received.lock().unwrap();
        let unregistered = json!({ "error": { "code": 404, "status": "NOT_FOUND", "details": [{
            "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
            "errorCode": "UNREGISTERED" }] } });
        received.fcm_answers.push_back((404, unregistered));
        received.apns_answers.push_back((410, "Unregistered"));
    }
    app.send("Second");
    wait_for("the end of both tokens", || {
        active(&app).is_empty().then_some(())
    });
    assert_eq!(
        app.get("/notifications", &student(7))["pagination"]["total"],
        2
    );
    // The application registers a new token, which alone receives the next push.
    app.register(7, "fcm:token-2", "android");
    app.send("Third");
    wait_for("the push to the new token", || {
        let received = app.providers.received.lock().unwrap();
        let last = received.fcm.last()?;
        (last["token"] == "fcm:token-2").then_some(())
    });
    let received = app.providers.received.lock().unwrap();
    assert_eq!((received.fcm.len(), received.apns.len()), (3, 2));
    // One access token serves all pushes.
    assert_eq!(received.minted, 1);
}

pub(crate) async fn rejected_push_is_tried_again_res_2(app: TestApp) {
    app.register(7, "fcm:token-1", "android");
    {
        let mut received = app.providers.received.lock().unwrap();
        let answers = &mut received.fcm_answers;
        answers.push_back((401, json!({ "error": { "status": "UNAUTHENTICATED" } })));
        answers.push_back((200, json!({ "name": "accepted" })));
        answers.push_back((400, json!({ "error": { "status": "INVALID_ARGUMENT" } })));
    }
    app.send("Retried");
    wait_for("the second attempt", || {
        let received = app.providers.received.lock().unwrap();
        (received.fcm.len() == 2).then_some(())
    });
    // A push that is rejected for good is not repeated, and its token stays active.
    app.send("Rejected");
    app.send("After it");
    // The two are sent in any order.
    wait_for("both pushes", || {
        let received = app.providers.received.lock().unwrap();
        let titles = received
            .fcm
            .iter()
            .map(|push| &push["notification"]["title"]);
        let is_sent = |title: &&str| titles.clone().any(|sent| sent == title);
        ["Rejected", "After it"].iter().all(is_sent).then_some(())
    });
    assert_eq!(active(&app), ["fcm:token-1"]);
    let received = app.providers.received.lock().unwrap();
    // After 401 the service asked for another access token.
    assert_eq!((received.fcm.len(), received.minted), (4, 2));
}

pub(crate) async fn rotated_push_keys_take_effect_conf_5(app: TestApp) {
    app.register(7, "fcm:token-1", "android");
    app.register(7, &apple_token('a'), "ios");
    let wait_for_both = |title: &str| {
        wait_for(title, || {
            let received = app.providers.received.lock().unwrap();
            let fcm = received.fcm.iter();
            let mut fcm = fcm.map(|push| &push["notification"]["title"]);
            let apns = received.apns.iter();
            let mut apns = apns.map(|(_, _, body)| &body["aps"]["alert"]["title"]);
            (fcm.any(|of| of == title) && apns.any(|of| of == title)).then_some(())
        });
    };
    app.send("Before");
    wait_for_both("Before");
    // A push between the change at the services and in the settings is repeated.
    app.rotate_keys();
    app.send("After");
    wait_for_both("After");
    assert_eq!(active(&app).len(), 2);
}

pub(crate) async fn device_token_belongs_to_one_user_auth_5(app: TestApp) {
    app.register(7, "fcm:shared", "android");
    app.register(8, "fcm:shared", "android");
    assert_eq!(active(&app), [""; 0]);
    let own = app.get("/device-tokens?limit=1", &student(8));
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    let pagination = json!({ "total": 1, "page": 1, "limit": 1, "pages": 1 });
    assert_eq!(own["pagination"], pagination);
    let call = |method: &str, path: &str, user: u128| {
        app.call(method, path, &student(user), &Value::Null).status
    };
    assert_eq!(
        call("PATCH", "/device-tokens/fcm:shared/deactivate", 7),
        404
    );
    assert_eq!(call("DELETE", "/device-tokens/fcm:shared", 7), 404);
    assert_eq!(
        call("PATCH", "/device-tokens/fcm:shared/deactivate", 8),
        200
    );
    let own = app.get("/device-tokens", &student(8));
    assert_eq!(own["items"][0]["active"], false);
    assert_eq!(call("DELETE", "/device-tokens/fcm:shared", 8), 200);
    let wrong = json!({ "token": "two words", "platform": "fax" });
    let refused = app.call("POST", "/device-tokens", &student(7), &wrong);
    assert_eq!(refused.status, 400);
    assert_eq!(json_of(&refused)["errors"].as_array().unwrap().len(), 2);
}

pub(crate) async fn preferences_choose_channels_and_quiet_hours_api_2(app: TestApp) {
    app.register(7, "fcm:token-1", "android");
    let replace = |user: u128, preferences: &Value| {
        let path = "/notifications/preferences";
        app.call("PUT", path, &student(user), preferences)
    };
    // Only an account with a verified address receives mail.
    let mail = json!({ "push": { "course": false }, "email": { "course": true } });
    assert_eq!(replace(8, &mail).status, 400);
    assert_eq!(data(&replace(7, &mail))["email"]["course"], true);
    app.send("By mail");
    wait_for("the mail", || {
        app.mails()
            .iter()
            .any(|mail| mail["subject"] == "By mail")
            .then_some(())
    });
    // Quiet hours began an hour ago, but they do not delay a code that expires before their end.
    let local = jiff::Timestamp::now().in_tz("Asia/Kolkata").unwrap();
    let [start, end] = [-1, 2].map(|hours| {
        let time = local.checked_add(jiff::Span::new().hours(hours)).unwrap();
        time.strftime("%H:%M").to_string()
    });
    let quiet = json!({ "quietHours": { "enabled": true, "start": start, "end": end } });
    assert_eq!(replace(7, &quiet).status, 200);
    app.send("Held back");
    let soon = "2999-01-01T00:00:00Z";
    app.publish(&requested("Later", Some(json!({ "expiresAt": soon }))))
        .await;
    app.wait_for_live("Later");
    let now = std::time::SystemTime::now() + std::time::Duration::from_secs(50);
    let expires = seaworthy::data::chrono::DateTime::<seaworthy::data::chrono::Utc>::from(now);
    let code = json!({ "expiresAt": expires.to_rfc3339() });
    app.publish(&requested("A code", Some(code))).await;
    wait_for("the push with the code", || {
        let received = app.providers.received.lock().unwrap();
        (!received.fcm.is_empty()).then_some(())
    });
    let received = app.providers.received.lock().unwrap();
    assert_eq!(received.fcm[0]["notification"]["title"], "A code");
    assert_eq!(received.fcm.len(), 1);
    assert_eq!(
        replace(7, &json!({ "quietHours": { "start": "9" } })).status,
        400
    );
}

/// The delay that Firebase requests ends in the quiet hours.
pub(crate) async fn retry_of_a_push_waits_for_quiet_hours_api_2(app: TestApp) {
    app.register(7, "fcm:token-1", "android");
    let local = jiff::Timestamp::now().in_tz("Asia/Kolkata").unwrap();
    let [start, end] = [2, 62].map(|minutes| {
        let time = local.checked_add(jiff::Span::new().minutes(minutes));
        time.unwrap().strftime("%H:%M").to_string()
    });
    let quiet = json!({ "quietHours": { "enabled": true, "start": start, "end": end } });
    let path = "/notifications/preferences";
    assert_eq!(app.call("PUT", path, &student(7), &quiet).status, 200);
    let unavailable = json!({ "error": { "status": "UNAVAILABLE" } });
    let answer = (503, unavailable);
    app.providers
        .received
        .lock()
        .unwrap()
        .fcm_answers
        .push_back(answer);
    app.send("Retried");
    let database = connect(&app.empty).await;
    let after = Utc::now() + TimeDelta::minutes(50);
    eventually(async || {
        sql("SELECT id FROM deliveries WHERE attempts = 1 AND next_attempt_at > ?")
            .bind(after)
            .exists(&database)
            .await
            .unwrap()
    })
    .await;
    assert_eq!(app.providers.received.lock().unwrap().fcm.len(), 1);
}
