use std::{
    fs,
    time::{Duration, Instant},
};

use seaworthy_mail::{Mail, MailError};
use seaworthy_testkit::exim::EximSettings;

use crate::app::{
    TIMEOUT, arrived, authority, exim, letter, login, settings, start_in_development,
};

#[tokio::test]
async fn message_arrives_unchanged_over_starttls_after_login_sec_1() {
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
    let app = start_in_development(&settings("smtp://events@", &server, &own)).await;
    app.mailer.send(letter("ada@example.org")).await.unwrap();
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
    let app = start_in_development(&own).await;
    // A full-width letter: the ASCII form of the domain is example.org.
    let international = letter("ada@\u{ff45}xample.org");
    app.mailer.send(international).await.unwrap();
    let message = arrived(&server).await;
    assert!(message.contains("To: ada@example.org"), "{message}");
    let refused = Mail::new("\u{fc}1@example.org", "Verify your email");
    assert!(matches!(refused, Err(MailError::Address(_))), "{refused:?}");
}

#[tokio::test]
async fn message_arrives_over_tls_from_the_start_sec_1() {
    let authority = authority();
    let tls = Some(authority.tls.clone());
    let Some(server) = exim(&EximSettings {
        tls,
        is_tls_from_start: true,
        login: None,
    }) else {
        return;
    };
    let app = start_in_development(&settings("smtps://", &server, &[&authority.trusted()])).await;
    app.mailer.send(letter("ada@example.org")).await.unwrap();
    assert!(arrived(&server).await.contains(" with esmtps "));
}

#[tokio::test]
async fn plaintext_needs_a_setting_sec_1() {
    let Some(server) = exim(&EximSettings::default()) else {
        return;
    };
    let careful = start_in_development(&settings("smtp://", &server, &[])).await;
    let refused = careful
        .mailer
        .send(letter("ada@example.org"))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, MailError::Transient { .. }),
        "{refused:?}"
    );
    let careless = start_in_development(&settings(
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
    let app = start_in_development(&settings("smtp://", &server, &[&other.trusted()])).await;
    let refused = app
        .mailer
        .send(letter("ada@example.org"))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, MailError::Transient { .. }),
        "{refused:?}"
    );
    assert!(!refused.may_be_accepted(), "{refused:?}");
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
    let trusted = authority.trusted();
    let known = start_in_development(&settings(
        "smtp://events@",
        &server,
        &[&trusted, "mail.password=open sesame"],
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
    let unknown_user = start_in_development(&settings(
        "smtp://events@",
        &server,
        &[&trusted, "mail.password=open barley"],
    ))
    .await;
    let error = unknown_user
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
    assert!(!format!("{error:?} {:?}", unknown_user.mailer).contains("barley"));
}

#[tokio::test]
async fn breaker_opens_while_server_is_unreachable_res_1() {
    let Some(mut server) = exim(&EximSettings::default()) else {
        return;
    };
    let own = ["mail.allow_plaintext=true", "mail.timeout=1s"];
    let app = start_in_development(&settings("smtp://", &server, &own)).await;
    server.freeze();
    let slow = app
        .mailer
        .send(letter("ada@example.org"))
        .await
        .unwrap_err();
    assert!(slow.is_retryable() && slow.may_be_accepted(), "{slow:?}");
    server.resume();
    server.kill();
    let begun = Instant::now();
    loop {
        let error = app
            .mailer
            .send(letter("ada@example.org"))
            .await
            .unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
        if matches!(error, MailError::Rejected(_)) {
            break;
        }
        assert!(begun.elapsed() < TIMEOUT, "the breaker never opens");
    }
    server.restart().unwrap();
    while let Err(error) = app.mailer.send(letter("ada@example.org")).await {
        assert!(
            error.is_retryable() && begun.elapsed() < TIMEOUT,
            "{error:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    arrived(&server).await;
}

#[tokio::test]
async fn rotated_password_logs_in_without_restart_conf_5() {
    let authority = authority();
    let with_password = |password: &str| EximSettings {
        tls: Some(authority.tls.clone()),
        login: Some(("events".to_owned(), password.to_owned())),
        ..EximSettings::default()
    };
    let Some(mut server) = exim(&with_password("open sesame")) else {
        return;
    };
    let secret = authority.folder.path().join("password");
    fs::write(&secret, "open sesame").unwrap();
    let password = format!("mail.password=file:{}", secret.display());
    let trusted = authority.trusted();
    let own = settings("smtp://events@", &server, &[&trusted, &password]);
    let app = start_in_development(&own).await;
    app.mailer.send(letter("ada@example.org")).await.unwrap();
    server.configure(&with_password("open barley")).unwrap();
    assert!(app.mailer.send(letter("ada@example.org")).await.is_err());
    fs::write(&secret, "open barley").unwrap();
    let begun = Instant::now();
    while app.mailer.send(letter("ada@example.org")).await.is_err() {
        assert!(begun.elapsed() < TIMEOUT);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
