use seaworthy_config::Profile;
use seaworthy_mail::Mail;
use seaworthy_testkit::http::get;

use crate::app::{letter, start, start_in_development};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mailbox_shows_escaped_messages_sec_6() {
    let app = start_in_development(&[]).await;
    app.mailer.send(letter("ada@example.org")).await.unwrap();
    let nasty = Mail::new("eve@example.org", "<script>alert(1)</script>").unwrap();
    let nasty = nasty.text("javascript:alert(1) https://example.org/\"><b>");
    app.mailer.send(nasty).await.unwrap();
    let address = app.service.addresses().http;
    let list = get(address, "/mailbox").unwrap();
    assert_eq!(list.status, 200);
    assert!(list.body.contains("ada@example.org") && list.body.contains("href=\"/mailbox/1\""));
    assert!(!list.body.contains("<script>alert"));
    let one = get(address, "/mailbox/1").unwrap();
    assert!(
        one.body
            .contains("href=\"https://events.example.org/verify?token=abc\""),
        "{}",
        one.body
    );
    let other = get(address, "/mailbox/2").unwrap().body;
    assert!(
        !other.contains("<b>") && !other.contains("href=\"javascript"),
        "{other}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&get(address, "/mailbox.json").unwrap().body).unwrap();
    assert_eq!(json.pointer("/1/to").unwrap(), "ada@example.org");
    let one: serde_json::Value =
        serde_json::from_str(&get(address, "/mailbox/1/json").unwrap().body).unwrap();
    assert_eq!(one.get("html").unwrap(), "<p>Follow the link</p>");
    assert_eq!(get(address, "/mailbox/9").unwrap().status, 404);
}

#[tokio::test]
async fn production_rejects_mailbox_conf_7() {
    let own = |more: &[&str]| -> Vec<String> {
        let safe = ["allow_embedded=true", "behind_tls_proxy=true"];
        safe.iter()
            .chain(more)
            .map(|one| (*one).to_owned())
            .collect()
    };
    let Err(refused) = start(Profile::Production, &own(&[])).await else {
        panic!("production keeps mail in memory");
    };
    assert!(
        refused.contains("mail.url") && refused.contains("CONF-7"),
        "{refused}"
    );
    let server = [
        "mail.url=smtps://mail.example.org",
        "mail.from=a@example.org",
        "mail.allow_plaintext=true",
    ];
    let Err(refused) = start(Profile::Production, &own(&server)).await else {
        panic!("production sends mail without TLS");
    };
    assert!(
        refused.contains("mail.allow_plaintext") && refused.contains("SEC-1"),
        "{refused}"
    );
    start(Profile::Production, &own(&server[..2]))
        .await
        .map(drop)
        .unwrap();
}

#[tokio::test]
async fn invalid_settings_fail_the_start_life_1() {
    for (own, message) in [
        (
            &["mail.url=smtp://user@localhost", "mail.from=a@example.org"][..],
            "password",
        ),
        (
            &[
                "mail.url=smtp://localhost",
                "mail.from=a@example.org",
                "mail.password=x",
            ],
            "no user",
        ),
        (&["mail.url=smtp://localhost"], "from"),
        (
            &[
                "mail.url=smtp://localhost",
                "mail.from=a@example.org",
                "mail.ca_file=/nowhere/ca.pem",
            ],
            "/nowhere/ca.pem",
        ),
        (&["mail.url=http://localhost"], "mail.url"),
    ] {
        let own: Vec<_> = own.iter().map(|one| (*one).to_owned()).collect();
        let Err(refused) = start(Profile::Development, &own).await else {
            panic!("{own:?}");
        };
        assert!(refused.contains(message), "{refused}");
    }
}
