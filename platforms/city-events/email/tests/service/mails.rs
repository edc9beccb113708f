use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use city_events_contract::messages::{
    Announcement, EmailEventCanceled, EventCanceled, EventEnvelope, EventUnpublished,
    PasswordResetRequested, VerifyEmailRequested,
};
use seaworthy::{core::new_id, data::sql};
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::json;
use uuid::Uuid;

use crate::app::{TIMEOUT, TestApp, start_with};

fn verify(token: &str) -> VerifyEmailRequested {
    VerifyEmailRequested {
        user_id: new_id().to_string(),
        email: "ada@example.org".to_owned(),
        url: format!("https://events.example.org/verify-email?token={token}"),
    }
}

fn canceled(event: Uuid, user: Uuid) -> EmailEventCanceled {
    EmailEventCanceled {
        event_id: event,
        user_id: user,
        prev_status: "active".to_owned(),
        reason: "the hall <b>is</b> closed".to_owned(),
        occurred_at: Utc::now(),
        trace_id: String::new(),
        producer: "join-service".to_owned(),
        event_action: "canceled".to_owned(),
    }
}

pub(crate) async fn sends_verification_mail_once(app: TestApp) {
    let event = verify("first");
    // The same link in two messages is one mail.
    app.publish(&event).await;
    app.publish(&event).await;
    app.publish(&verify("second")).await;
    let mails = app.wait_for_mails(2).await;
    assert_eq!(mails.len(), 2);
    for mail in &mails {
        assert_eq!(mail["subject"], "Verify your email");
        assert_eq!(mail["to"], "ada@example.org");
    }
    let first = mails
        .iter()
        .find(|mail| mail["text"].as_str().unwrap().contains("token=first"))
        .unwrap();
    assert!(
        first["html"]
            .as_str()
            .unwrap()
            .contains(r#"href="https://events.example.org/verify-email?token=first""#)
    );
}

pub(crate) async fn sends_password_reset_mail(app: TestApp) {
    app.publish(&PasswordResetRequested {
        user_id: new_id().to_string(),
        email: "ada@example.org".to_owned(),
        url: "https://events.example.org/reset?token=abc".to_owned(),
    })
    .await;
    let mails = app.wait_for_mails(1).await;
    assert_eq!(mails[0]["subject"], "Reset your password");
    assert!(
        mails[0]["text"]
            .as_str()
            .unwrap()
            .contains("https://events.example.org/reset?token=abc")
    );
}

pub(crate) async fn notifies_participants_of_canceled_event(app: TestApp) {
    let (event, ada, bob) = (new_id(), new_id(), new_id());
    app.stub_auth(
        &format!("/internal/users/{ada}"),
        200,
        json!({ "data": { "id": ada, "email": "ada@example.org" } }),
    );
    // The response format of the legacy service.
    app.stub_auth(
        &format!("/internal/users/{bob}"),
        200,
        json!({ "user": { "email": "bob@example.org" } }),
    );
    app.publish(&canceled(event, ada)).await;
    app.publish(&canceled(event, ada)).await;
    app.publish(&canceled(event, bob)).await;
    let mails = app.wait_for_mails(2).await;
    let mut to: Vec<_> = mails
        .iter()
        .map(|mail| mail["to"].as_str().unwrap())
        .collect();
    to.sort_unstable();
    assert_eq!(to, ["ada@example.org", "bob@example.org"]);
    for mail in &mails {
        assert_eq!(mail["subject"], "Event Canceled");
        let (text, html) = (
            mail["text"].as_str().unwrap(),
            mail["html"].as_str().unwrap(),
        );
        assert!(text.contains(&event.to_string()) && text.contains("the hall <b>is</b> closed"));
        assert!(
            html.contains("the hall &lt;b&gt;is&lt;/b&gt; closed"),
            "{html}"
        );
    }
}

pub(crate) async fn skips_users_without_address(app: TestApp) {
    let (unknown, blank) = (new_id(), new_id());
    app.stub_auth(
        &format!("/internal/users/{blank}"),
        200,
        json!({ "data": { "email": "" } }),
    );
    app.publish(&canceled(new_id(), unknown)).await;
    app.publish(&canceled(new_id(), blank)).await;
    app.publish(&verify("after")).await;
    app.wait_for_mails(1).await;
    for user in [unknown, blank] {
        let path = format!("/internal/users/{user}");
        app.eventually("the address is requested", || {
            (!app.auth_requests(&path).is_empty()).then_some(())
        })
        .await;
    }
    assert_eq!(app.mails().len(), 1);
    assert_eq!(dead_letters(&app), 0, "the message is not a dead letter");
}

pub(crate) async fn retries_unavailable_auth_service(app: TestApp) {
    let ada = new_id();
    let path = format!("/internal/users/{ada}");
    app.stub_auth(&path, 503, json!({}));
    app.publish(&canceled(new_id(), ada)).await;
    app.eventually("the address is requested", || {
        (!app.auth_requests(&path).is_empty()).then_some(())
    })
    .await;
    app.stub_auth(
        &path,
        200,
        json!({ "data": { "email": "ada@example.org" } }),
    );
    assert_eq!(app.wait_for_mails(1).await[0]["to"], "ada@example.org");
}

pub(crate) async fn dead_letters_invalid_messages(app: TestApp) {
    for url in ["javascript:alert(1)", "not a URL"] {
        app.publish(&VerifyEmailRequested {
            url: url.to_owned(),
            ..verify("x")
        })
        .await;
    }
    for email in ["not-an-address", "ada@example.org\r\nBcc: eve@example.org"] {
        app.publish(&VerifyEmailRequested {
            email: email.to_owned(),
            ..verify(email)
        })
        .await;
    }
    app.eventually("dead letters", || (dead_letters(&app) == 4).then_some(()))
        .await;
    app.publish(&verify("good")).await;
    assert_eq!(app.wait_for_mails(1).await.len(), 1);
}

pub(crate) async fn sends_mail_after_claim_of_crashed_process_expires_msg_5(app: TestApp) {
    app.publish(&verify("first")).await;
    app.wait_for_mails(1).await;
    reclaim_sent_mail(&app, TimeDelta::seconds(2)).await;
    app.publish(&verify("first")).await;
    let is_handled = || (app.mails().len() == 2 || dead_letters(&app) > 0).then_some(());
    app.eventually("the second message is handled", is_handled)
        .await;
    assert_eq!((app.mails().len(), dead_letters(&app)), (2, 0));
}

/// Makes a sent mail look as if its sender crashed. Its claim expires after `left`.
async fn reclaim_sent_mail(app: &TestApp, left: TimeDelta) {
    let database = app.connect_database().await;
    let started = Instant::now();
    loop {
        let claimed = sql("UPDATE sent_mails SET sent = FALSE, until_us = ? WHERE sent = TRUE")
            .bind((Utc::now() + left).timestamp_micros())
            .execute(&database)
            .await
            .unwrap();
        if claimed.rows_affected() == 1 {
            return;
        }
        assert!(started.elapsed() < TIMEOUT, "the mail was not sent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Returns an announcement about an event.
fn announcement(event: Uuid, owner: Uuid, reason: &str) -> EventEnvelope<Announcement> {
    let text = serde_json::json!({
        "version": 1, "producer": "event-service", "message_id": new_id(), "occurred_at": Utc::now(),
        "payload": { "event_id": event, "owner_id": owner, "reason": reason },
    });
    serde_json::from_value(text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifies_owner_of_canceled_and_unpublished_event() {
    let settings = ["notify_owners=true", "rate_limit.enabled=false"];
    let app = start_with(EmptyDatabase::sqlite().unwrap(), &settings).await;
    let (event, owner) = (new_id(), new_id());
    app.stub_auth(
        &format!("/internal/users/{owner}"),
        200,
        json!({ "data": { "email": "host@example.org" } }),
    );
    let event_envelope = |reason| announcement(event, owner, reason);
    app.publish(&EventUnpublished(event_envelope("a typing error")))
        .await;
    app.publish(&EventUnpublished(event_envelope("a typing error")))
        .await;
    app.publish(&EventCanceled(event_envelope("rain"))).await;
    let mut mails: Vec<_> = app
        .wait_for_mails(2)
        .await
        .iter()
        .map(|mail| {
            let text = |name: &str| mail[name].as_str().unwrap().to_owned();
            assert!(text("text").contains(&event.to_string()));
            (text("subject"), text("to"), text("text"))
        })
        .collect();
    mails.sort();
    let [canceled, unpublished] = &mails[..] else {
        panic!("{mails:?}");
    };
    for (mail, subject, reason) in [
        (canceled, "Event Canceled", "rain"),
        (unpublished, "Event Unpublished", "a typing error"),
    ] {
        assert_eq!(
            (mail.0.as_str(), mail.1.as_str()),
            (subject, "host@example.org")
        );
        assert!(mail.2.contains(reason), "{mail:?}");
    }
}

/// Returns the number of dead letters.
fn dead_letters(app: &TestApp) -> u64 {
    app.count("messages_dead_lettered_total")
}
