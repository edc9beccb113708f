use super::{
    admin,
    canary::Canaries,
    commands,
    process::{Output, PlatformProcess},
    smtp::EchoingServer,
    traffic::Traffic,
};
use crate::eventually::eventually;

fn leaks_in_output(canaries: &Canaries, output: &Output) -> Vec<String> {
    let mut leaks = canaries.leaks_in("stdout", &output.stdout);
    leaks.extend(canaries.leaks_in("stderr", &output.stderr));
    leaks.extend(canaries.leaks_in("the spans", &output.spans));
    leaks
}

fn assert_no_leaks(canaries: &Canaries, leaks: &[String]) {
    assert!(
        leaks.is_empty(),
        "{} of {}: {leaks:#?}",
        leaks.len(),
        canaries.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_leak_no_secrets_or_personal_data_obs_3() {
    let mut canaries = Canaries::default();
    let platform = PlatformProcess::start("json", &[], &mut canaries).await;
    let mut traffic = Traffic::new(&platform, &mut canaries);
    let (_, refresh) = traffic.register().await;
    let access = traffic.log_in_and_refresh(&refresh).await;
    traffic.probe_all_services(&access).await;
    traffic.follow_links().await;
    let access = traffic.log_in().await;
    traffic.use_events(&access).await;
    traffic.call_grpc().await;
    traffic.fail_database().await;
    let Traffic { caller, email, .. } = traffic;
    admin::change_with_reason(&caller, &platform, &email).await;
    let (mut leaks, pages) = admin::leaks_in_pages(&caller, &platform, &canaries).await;
    assert!(pages > 40, "only {pages} pages of six services");

    // The search finds canaries where they belong.
    let mailbox = platform.service("email").http;
    let mailbox = caller.get(mailbox, "/mailbox.json").await;
    assert!(!canaries.leaks_in("the mailbox", &mailbox.text).is_empty());
    let (output, directory) = platform.stop();
    let secret = std::fs::read_to_string(directory.path().join("secrets/internal")).unwrap();
    assert!(!canaries.leaks_in("the secrets", &secret).is_empty());

    // The output contains the traffic.
    for line in [
        "\"route\":\"/auth/v1/login\"",
        "\"client_address\":\"203.0.113.0/24\"",
        "\"client_address\":\"2001:db8:17::/48\"",
        "\"level\":\"DEBUG\"",
        "no such table",
    ] {
        assert!(output.stdout.contains(line), "{line} was not logged");
    }
    assert!(output.spans.contains("/auth/v1/login"), "no span");

    leaks.extend(leaks_in_output(&canaries, &output));
    let (in_audit_logs, records) = commands::leaks_in_audit_logs(directory.path(), &canaries);
    assert!(records.contains("user.verify_email"), "{records}");
    leaks.extend(in_audit_logs);
    leaks.extend(commands::leaks_in_dead_letters(directory.path(), &canaries).0);
    assert_no_leaks(&canaries, &leaks);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejected_mail_leaks_no_secrets_or_personal_data_obs_3() {
    let mut canaries = Canaries::default();
    let server = EchoingServer::start().await;
    let user = canaries.account("the user of mail", "brieftaube.post");
    let password = canaries.secret("the password of mail", "ringeltaubehohltaube");
    let secrets = tempfile::tempdir().unwrap();
    let file = secrets.path().join("mail");
    std::fs::write(&file, &password).unwrap();
    let settings = [
        format!("email.mail.url=smtp://{user}@{}", server.address),
        format!("email.mail.password=file:{}", file.display()),
        "email.mail.from=City Events <events@city.example>".to_owned(),
        "email.mail.allow_plaintext=true".to_owned(),
    ];
    let platform = PlatformProcess::start("text", &settings, &mut canaries).await;
    let mut traffic = Traffic::new(&platform, &mut canaries);
    let (_, refresh) = traffic.register().await;
    let access = traffic.log_in_and_refresh(&refresh).await;
    traffic.probe_all_services(&access).await;
    traffic.call_grpc().await;
    let Traffic { caller, .. } = traffic;

    let letters = eventually(async || {
        let letters = admin::dead_letters(&caller, &platform).await;
        match letters.is_empty() {
            true => Err(format!("no dead letter: {}", server.received())),
            false => Ok(letters.join("\n")),
        }
    })
    .await;
    assert!(letters.contains("NON_RETRIABLE"), "{letters}");
    let mut leaks = canaries.leaks_in("dead letters", &letters);
    let (pages, _) = admin::leaks_in_pages(&caller, &platform, &canaries).await;
    leaks.extend(pages);

    // The search finds the canaries that the server received.
    let received = canaries.leaks_in("the mail server", &server.received());
    for label in [
        "the password of mail",
        "the user of mail",
        "the name in an address",
    ] {
        assert!(
            received.iter().any(|found| found.starts_with(label)),
            "{label}: {received:#?}"
        );
    }
    let (output, directory) = platform.stop();
    assert!(
        output.stdout.contains("a message was dead-lettered"),
        "the failure was not logged"
    );
    leaks.extend(leaks_in_output(&canaries, &output));
    let (in_letters, count) = commands::leaks_in_dead_letters(directory.path(), &canaries);
    assert!(count > 0, "no dead letter");
    leaks.extend(in_letters);
    assert_no_leaks(&canaries, &leaks);
}
