use city_events_contract::messages::VerifyEmailRequested;
use seaworthy_testkit::{
    database::EmptyDatabase,
    exim::{EximServer, EximSettings},
    http::get,
    requirement::required,
};

use crate::place::open_with;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_arrives_at_a_real_server_also_when_it_was_away() {
    let Some(program) = required("SEAWORTHY_TEST_EXIM") else {
        return;
    };
    let mut server = EximServer::start(program, &EximSettings::default()).unwrap();
    let url = format!("mail.url=smtp://{}", server.address());
    let own = [
        url.as_str(),
        "mail.from=City Events <events@example.org>",
        "mail.allow_plaintext=true",
    ];
    let place = open_with(EmptyDatabase::sqlite().unwrap(), &own).await;
    assert_eq!(
        place.send("GET", "/mailbox", "").status,
        404,
        "what is sent is not shown"
    );
    server.kill();
    place
        .tell(&VerifyEmailRequested {
            user_id: "7".to_owned(),
            email: "ada@example.org".to_owned(),
            url: "https://events.example.org/verify-email?token=abc".to_owned(),
        })
        .await;
    server.restart().unwrap();
    let message = place
        .until("the mail arrives", || server.messages().unwrap().pop())
        .await;
    assert!(message.contains("Subject: Verify your email"), "{message}");
    assert!(message.contains("token=abc"));
}

/// Each of two mails has fewer attempts than the open breaker refuses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_breaker_uses_up_no_attempts_msg_3() {
    let Some(program) = required("SEAWORTHY_TEST_EXIM") else {
        return;
    };
    let mut server = EximServer::start(program, &EximSettings::default()).unwrap();
    let url = format!("mail.url=smtp://{}", server.address());
    let own = [
        url.as_str(),
        "mail.from=City Events <events@example.org>",
        "mail.allow_plaintext=true",
        "attempts=10",
        // The breaker of the consumer would pause the messages too.
        "broker.defaults.breaker.mode=off",
    ];
    let place = open_with(EmptyDatabase::sqlite().unwrap(), &own).await;
    server.kill();
    let verify = |user: &str| VerifyEmailRequested {
        user_id: user.to_owned(),
        email: format!("{user}@example.org"),
        url: format!("https://events.example.org/verify-email?token={user}"),
    };
    place.tell(&verify("ada")).await;
    place
        .until("the breaker opens", || {
            let breakers = get(place.admin, "/breakers").unwrap().body;
            breakers.contains("\"open\"").then_some(())
        })
        .await;
    place.tell(&verify("grace")).await;
    let count = |metric: &str| place.count(metric);
    let opened = count("messages_retried_total");
    place
        .until("the breaker refuses both", || {
            (count("messages_retried_total") >= opened + 4).then_some(())
        })
        .await;
    server.restart().unwrap();
    place
        .until("both mails arrive", || {
            (server.messages().unwrap().len() == 2).then_some(())
        })
        .await;
}
