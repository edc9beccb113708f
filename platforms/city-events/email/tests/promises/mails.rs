use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use city_events_contract::messages::{
    Announcement, EmailEventCanceled, EventCanceled, EventEnvelope, EventUnpublished,
    PasswordResetRequested, VerifyEmailRequested,
};
use seaworthy::{core::new_id, data::sql};
use seaworthy_testkit::{database::EmptyDatabase, http::get};
use serde_json::json;
use uuid::Uuid;

use crate::place::{PATIENCE, Place, open_with};

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

pub(crate) async fn a_verification_is_sent_once(place: Place) {
    let event = verify("first");
    // The same link in two messages is one mail.
    place.tell(&event).await;
    place.tell(&event).await;
    place.tell(&verify("second")).await;
    let mails = place.mailed(2).await;
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

pub(crate) async fn a_new_password_is_one_mail(place: Place) {
    place
        .tell(&PasswordResetRequested {
            user_id: new_id().to_string(),
            email: "ada@example.org".to_owned(),
            url: "https://events.example.org/reset?token=abc".to_owned(),
        })
        .await;
    let mails = place.mailed(1).await;
    assert_eq!(mails[0]["subject"], "Reset your password");
    assert!(
        mails[0]["text"]
            .as_str()
            .unwrap()
            .contains("https://events.example.org/reset?token=abc")
    );
}

pub(crate) async fn who_had_a_place_hears_that_the_event_is_canceled(place: Place) {
    let (event, ada, bob) = (new_id(), new_id(), new_id());
    place.answer(
        &format!("/internal/users/{ada}"),
        200,
        json!({ "data": { "id": ada, "email": "ada@example.org" } }),
    );
    // What an older stub answers.
    place.answer(
        &format!("/internal/users/{bob}"),
        200,
        json!({ "user": { "email": "bob@example.org" } }),
    );
    place.tell(&canceled(event, ada)).await;
    place.tell(&canceled(event, ada)).await;
    place.tell(&canceled(event, bob)).await;
    let mails = place.mailed(2).await;
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

pub(crate) async fn who_has_no_address_is_not_told(place: Place) {
    let (nobody, blank) = (new_id(), new_id());
    place.answer(
        &format!("/internal/users/{blank}"),
        200,
        json!({ "data": { "email": "" } }),
    );
    place.tell(&canceled(new_id(), nobody)).await;
    place.tell(&canceled(new_id(), blank)).await;
    place.tell(&verify("after")).await;
    place.mailed(1).await;
    for user in [nobody, blank] {
        let path = format!("/internal/users/{user}");
        place
            .until("the address is asked for", || {
                (!place.asked(&path).is_empty()).then_some(())
            })
            .await;
    }
    assert_eq!(place.mails().len(), 1);
    assert_eq!(dead_letters(&place), 0, "it is dropped quietly");
}

pub(crate) async fn an_auth_service_that_is_away_is_asked_again(place: Place) {
    let ada = new_id();
    let path = format!("/internal/users/{ada}");
    place.answer(&path, 503, json!({}));
    place.tell(&canceled(new_id(), ada)).await;
    place
        .until("the address is asked for", || {
            (!place.asked(&path).is_empty()).then_some(())
        })
        .await;
    place.answer(
        &path,
        200,
        json!({ "data": { "email": "ada@example.org" } }),
    );
    assert_eq!(place.mailed(1).await[0]["to"], "ada@example.org");
}

pub(crate) async fn what_cannot_be_read_is_set_aside(place: Place) {
    for url in ["javascript:alert(1)", "no address"] {
        place
            .tell(&VerifyEmailRequested {
                url: url.to_owned(),
                ..verify("x")
            })
            .await;
    }
    for email in ["nobody", "ada@example.org\r\nBcc: eve@example.org"] {
        place
            .tell(&VerifyEmailRequested {
                email: email.to_owned(),
                ..verify(email)
            })
            .await;
    }
    place
        .until("dead letters", || (dead_letters(&place) == 4).then_some(()))
        .await;
    place.tell(&verify("good")).await;
    assert_eq!(place.mailed(1).await.len(), 1);
}

pub(crate) async fn the_mail_of_a_process_that_died_is_sent_when_its_claim_ends_msg_5(
    place: Place,
) {
    place.tell(&verify("first")).await;
    place.mailed(1).await;
    claim_what_was_sent(&place, TimeDelta::seconds(2)).await;
    place.tell(&verify("first")).await;
    let ended = || (place.mails().len() == 2 || dead_letters(&place) > 0).then_some(());
    place.until("an end of the second message", ended).await;
    assert_eq!((place.mails().len(), dead_letters(&place)), (2, 0));
}

/// Leaves of a mail that was sent what a process leaves that dies while it sends.
async fn claim_what_was_sent(place: &Place, rest: TimeDelta) {
    let database = place.connected().await;
    let begun = Instant::now();
    loop {
        let claimed = sql("UPDATE sent_mails SET sent = FALSE, until_us = ? WHERE sent = TRUE")
            .bind((Utc::now() + rest).timestamp_micros())
            .execute(&database)
            .await
            .unwrap();
        if claimed.rows_affected() == 1 {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "that it was sent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What is told of an event of somebody.
fn announced(event: Uuid, owner: Uuid, reason: &str) -> EventEnvelope<Announcement> {
    let text = serde_json::json!({
        "version": 1, "producer": "event-service", "message_id": new_id(), "occurred_at": Utc::now(),
        "payload": { "event_id": event, "owner_id": owner, "reason": reason },
    });
    serde_json::from_value(text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_wanted_an_owner_hears_that_an_event_was_canceled_or_unpublished() {
    let own = ["tell_owners=true", "rate_limit.enabled=false"];
    let place = open_with(EmptyDatabase::sqlite().unwrap(), &own).await;
    let (event, owner) = (new_id(), new_id());
    place.answer(
        &format!("/internal/users/{owner}"),
        200,
        json!({ "data": { "email": "host@example.org" } }),
    );
    let told = |reason| announced(event, owner, reason);
    place.tell(&EventUnpublished(told("a typing error"))).await;
    place.tell(&EventUnpublished(told("a typing error"))).await;
    place.tell(&EventCanceled(told("rain"))).await;
    let mut mails: Vec<_> = place
        .mailed(2)
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

/// How many messages were set aside.
fn dead_letters(place: &Place) -> u64 {
    let metrics = get(place.admin, "/metrics").unwrap().body;
    let dead = metrics
        .lines()
        .filter(|line| line.starts_with("email_service_messages_dead_lettered_total{"));
    dead.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}
