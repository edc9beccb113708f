//! Mail over a real SMTP server, and the mailbox over a real listener.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test cannot unwrap has failed it"
)]

use std::{
    fs,
    time::{Duration, Instant},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use schemars::JsonSchema;
use seaworthy_config::{Environment, Loader, Profile};
use seaworthy_mail::{Mail, MailConfig, MailError, Mailer};
use seaworthy_service::{Assembly, RunningService, Service};
use seaworthy_testkit::{
    exim::{EximServer, EximSettings},
    http::get,
    requirement::required,
};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// The time limit for any wait, on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Letters {
    mail: MailConfig,
}

/// A service that sends mail with these settings.
struct Sender {
    mailer: Mailer,
    service: RunningService,
}

async fn start(profile: Profile, settings: &[String]) -> Result<Sender, String> {
    let own = [
        "server.http.addr=127.0.0.1:0",
        "admin.addr=127.0.0.1:0",
        "log.level=error",
    ];
    let loader = Loader::new("letters")
        .environment(Environment::default())
        .profile(profile)
        .overrides(
            own.into_iter()
                .map(str::to_owned)
                .chain(settings.iter().cloned()),
        );
    let (sender, receiver) = std::sync::mpsc::channel();
    let service = Service::new("letters", "1")
        .start(loader, async move |service: &Assembly<Letters>| {
            let mailer = Mailer::new(service, "mail", &service.settings().mail)?;
            if let Some(mailbox) = mailer.mailbox() {
                service.http(mailbox.routes());
            }
            sender.send(mailer).unwrap();
            Ok(())
        })
        .await
        .map_err(|error| error.chain().join(": "))?;
    Ok(Sender {
        mailer: receiver.recv().unwrap(),
        service,
    })
}

async fn sender(settings: &[String]) -> Sender {
    start(Profile::Development, settings)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

fn exim(settings: &EximSettings) -> Option<EximServer> {
    let program = required("SEAWORTHY_TEST_EXIM")?;
    Some(EximServer::start(program, settings).unwrap_or_else(|error| panic!("{error}")))
}

/// A certificate authority, and a server certificate that it signed.
struct Authority {
    folder: TempDir,
    tls: (String, String),
}

fn authority() -> Authority {
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate().unwrap();
    let root_certificate = root.self_signed(&root_key).unwrap();
    let issuer = Issuer::new(root, root_key);
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let server = server.signed_by(&key, &issuer).unwrap();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("ca.pem"), root_certificate.pem()).unwrap();
    Authority {
        folder,
        tls: (server.pem(), key.serialize_pem()),
    }
}

impl Authority {
    fn trusted(&self) -> String {
        format!(
            "mail.ca_file={}",
            self.folder.path().join("ca.pem").display()
        )
    }
}

fn settings(scheme: &str, server: &EximServer, more: &[&str]) -> Vec<String> {
    let port = server.address().port();
    let mut settings = vec![
        format!("mail.url={scheme}localhost:{port}"),
        "mail.from=City Events <events@example.org>".to_owned(),
    ];
    settings.extend(more.iter().map(|one| (*one).to_owned()));
    settings
}

fn letter(to: &str) -> Mail {
    Mail::new(to, "Grüße: verify your email")
        .unwrap()
        .text("Follow the link\nhttps://events.example.org/verify?token=abc\n.\nThe line above is one dot.\n")
        .html("<p>Follow the link</p>")
        .message_id("m-1")
}

/// Waits until the server has stored a message.
async fn arrived(server: &EximServer) -> String {
    let begun = Instant::now();
    loop {
        if let Some(message) = server.messages().unwrap().pop() {
            return message;
        }
        assert!(begun.elapsed() < TIMEOUT, "nothing has arrived");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn login() -> Option<(String, String)> {
    Some(("events".to_owned(), "open sesame".to_owned()))
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written_over_starttls_and_after_a_login() {
    let authority = authority();
    let tls = Some(authority.tls.clone());
    let Some(server) = exim(&EximSettings {
        tls,
        login: login(),
        ..EximSettings::default()
    }) else {
        return;
    };
    let own = [authority.trusted(), "mail.password=open sesame".to_owned()];
    let own: Vec<_> = own.iter().map(String::as_str).collect();
    let sender = sender(&settings("smtp://events@", &server, &own)).await;
    sender.mailer.send(letter("ada@example.org")).await.unwrap();
    let message = arrived(&server).await;
    for line in [
        "From: \"City Events\" <events@example.org>",
        "To: ada@example.org",
        "Message-ID: <m-1@example.org>",
        "Content-Type: multipart/alternative",
        "https://events.example.org/verify?token=abc",
        "Subject: =?utf-8?b?",
        " with esmtpsa ",
    ] {
        assert!(message.contains(line), "{line}\n{message}");
    }
    assert!(
        message.contains("\n.\nThe line above"),
        "a dot alone is part of the text\n{message}"
    );
}

#[tokio::test]
async fn international_domains_are_sent_in_ascii_form_msg_3() {
    let Some(server) = exim(&EximSettings::default()) else {
        return;
    };
    let own = settings("smtp://", &server, &["mail.allow_plaintext=true"]);
    let sender = sender(&own).await;
    // A full-width letter: the ASCII form of the domain is example.org.
    let international = letter("ada@\u{ff45}xample.org");
    sender.mailer.send(international).await.unwrap();
    let message = arrived(&server).await;
    assert!(message.contains("To: ada@example.org"), "{message}");
    let refused = Mail::new("\u{fc}1@example.org", "Verify your email");
    assert!(matches!(refused, Err(MailError::Address(_))), "{refused:?}");
}

#[tokio::test]
async fn tls_from_the_start_is_spoken_too() {
    let authority = authority();
    let tls = Some(authority.tls.clone());
    let Some(server) = exim(&EximSettings {
        tls,
        is_tls_from_start: true,
        login: None,
    }) else {
        return;
    };
    let sender = sender(&settings("smtps://", &server, &[&authority.trusted()])).await;
    sender.mailer.send(letter("ada@example.org")).await.unwrap();
    assert!(arrived(&server).await.contains(" with esmtps "));
}

#[tokio::test]
async fn plaintext_needs_a_setting_sec_1() {
    let Some(server) = exim(&EximSettings::default()) else {
        return;
    };
    let careful = sender(&settings("smtp://", &server, &[])).await;
    let refused = careful
        .mailer
        .send(letter("ada@example.org"))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, MailError::Transient { .. }),
        "{refused:?}"
    );
    let careless = sender(&settings(
        "smtp://",
        &server,
        &["mail.allow_plaintext=true"],
    ))
    .await;
    careless
        .mailer
        .send(letter("ada@example.org"))
        .await
        .unwrap();
    assert!(arrived(&server).await.contains(" with esmtp "));
    assert_eq!(server.messages().unwrap().len(), 1);
}

#[tokio::test]
async fn untrusted_certificate_sends_nothing_sec_1() {
    let (authority, other) = (authority(), authority());
    let tls = Some(authority.tls.clone());
    let Some(server) = exim(&EximSettings {
        tls,
        ..EximSettings::default()
    }) else {
        return;
    };
    let sender = sender(&settings("smtp://", &server, &[&other.trusted()])).await;
    let refused = sender
        .mailer
        .send(letter("ada@example.org"))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, MailError::Transient { .. }),
        "{refused:?}"
    );
    assert!(server.messages().unwrap().is_empty());
}

#[tokio::test]
async fn errors_are_transient_or_permanent_by_status_msg_3() {
    let authority = authority();
    let tls = Some(authority.tls.clone());
    let Some(server) = exim(&EximSettings {
        tls,
        login: login(),
        ..EximSettings::default()
    }) else {
        return;
    };
    let believed = authority.trusted();
    let known = sender(&settings(
        "smtp://events@",
        &server,
        &[&believed, "mail.password=open sesame"],
    ))
    .await;
    let mut statuses = Vec::new();
    for to in [
        "full@example.org",
        "unknown@example.org",
        "ada@elsewhere.example",
    ] {
        let error = known.mailer.send(letter(to)).await.unwrap_err();
        assert!(!error.to_string().contains(to), "{error}");
        let status = match &error {
            MailError::Transient { status, .. } | MailError::Permanent { status, .. } => *status,
            other => panic!("{other:?}"),
        };
        statuses.push((status, error.is_retryable()));
    }
    assert_eq!(
        statuses,
        [(Some(452), true), (Some(550), false), (Some(550), false)]
    );
    let stranger = sender(&settings(
        "smtp://events@",
        &server,
        &[&believed, "mail.password=open barley"],
    ))
    .await;
    let error = stranger
        .mailer
        .send(letter("ada@example.org"))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            MailError::Permanent {
                status: Some(535),
                ..
            }
        ),
        "{error:?}"
    );
    assert!(!format!("{error:?} {:?}", stranger.mailer).contains("barley"));
}

#[tokio::test]
async fn breaker_opens_while_server_is_away_res_1() {
    let Some(mut server) = exim(&EximSettings::default()) else {
        return;
    };
    let own = ["mail.allow_plaintext=true", "mail.timeout=1s"];
    let sender = sender(&settings("smtp://", &server, &own)).await;
    server.freeze();
    let slow = sender
        .mailer
        .send(letter("ada@example.org"))
        .await
        .unwrap_err();
    assert!(slow.is_retryable(), "{slow:?}");
    server.resume();
    server.kill();
    let begun = Instant::now();
    loop {
        let error = sender
            .mailer
            .send(letter("ada@example.org"))
            .await
            .unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
        if matches!(error, MailError::Refused(_)) {
            break;
        }
        assert!(begun.elapsed() < TIMEOUT, "the breaker never opens");
    }
    server.restart().unwrap();
    while let Err(error) = sender.mailer.send(letter("ada@example.org")).await {
        assert!(
            error.is_retryable() && begun.elapsed() < TIMEOUT,
            "{error:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    arrived(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mailbox_shows_what_would_have_been_sent() {
    let sender = sender(&[]).await;
    sender.mailer.send(letter("ada@example.org")).await.unwrap();
    let nasty = Mail::new("eve@example.org", "<script>alert(1)</script>").unwrap();
    let nasty = nasty.text("javascript:alert(1) https://example.org/\"><b>");
    sender.mailer.send(nasty).await.unwrap();
    let address = sender.service.addresses().http;
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
async fn production_refuses_mailbox_conf_7() {
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
