use city_events_contract::messages::VerifyEmailRequested;
use seaworthy_testkit::{
    database::EmptyDatabase,
    exim::{EximServer, EximSettings},
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
