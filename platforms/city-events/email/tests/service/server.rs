use city_events_contract::messages::VerifyEmailRequested;
use seaworthy_testkit::{
    database::EmptyDatabase,
    exim::{EximServer, EximSettings},
    http::get,
    requirement::required,
};

use crate::app::start_with;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delivers_mail_after_restart_of_mail_server() {
    let Some(program) = required("SEAWORTHY_TEST_EXIM") else {
        return;
    };
    let mut server = EximServer::start(program, &EximSettings::default()).unwrap();
    let url = format!("mail.url=smtp://{}", server.address());
    let settings = [
        url.as_str(),
        "mail.from=City Events <events@example.org>",
        "mail.allow_plaintext=true",
    ];
    let app = start_with(EmptyDatabase::sqlite().unwrap(), &settings).await;
    assert_eq!(
        app.send("GET", "/mailbox", "").status,
        404,
        "a mail server replaces the mailbox"
    );
    server.kill();
    app.publish(&VerifyEmailRequested {
        user_id: "7".to_owned(),
        email: "ada@example.org".to_owned(),
        url: "https://events.example.org/verify-email?token=abc".to_owned(),
    })
    .await;
    server.restart().unwrap();
    let message = app
        .eventually("the mail arrives", || server.messages().unwrap().pop())
        .await;
    assert!(message.contains("Subject: Verify your email"), "{message}");
    assert!(message.contains("token=abc"));
}

/// The breaker rejects more calls than the mails have attempts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_breaker_uses_no_attempts_msg_3() {
    let Some(program) = required("SEAWORTHY_TEST_EXIM") else {
        return;
    };
    let mut server = EximServer::start(program, &EximSettings::default()).unwrap();
    let url = format!("mail.url=smtp://{}", server.address());
    let settings = [
        url.as_str(),
        "mail.from=City Events <events@example.org>",
        "mail.allow_plaintext=true",
        "max_attempts=10",
        // The breaker of the consumer would also pause the messages.
        "broker.defaults.breaker.mode=off",
    ];
    let app = start_with(EmptyDatabase::sqlite().unwrap(), &settings).await;
    server.kill();
    let verify = |user: &str| VerifyEmailRequested {
        user_id: user.to_owned(),
        email: format!("{user}@example.org"),
        url: format!("https://events.example.org/verify-email?token={user}"),
    };
    app.publish(&verify("ada")).await;
    app.eventually("the breaker opens", || {
        let breakers = get(app.admin, "/breakers").unwrap().body;
        breakers.contains("\"open\"").then_some(())
    })
    .await;
    app.publish(&verify("grace")).await;
    let count = |metric: &str| app.count(metric);
    let opened = count("messages_retried_total");
    app.eventually("the breaker rejects both", || {
        (count("messages_retried_total") >= opened + 4).then_some(())
    })
    .await;
    server.restart().unwrap();
    app.eventually("both mails arrive", || {
        (server.messages().unwrap().len() == 2).then_some(())
    })
    .await;
}
