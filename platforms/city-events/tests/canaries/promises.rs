use std::time::{Duration, Instant};

use crate::{
    canary::Canaries, commands, house::House, operators, smtp::TalkativeServer, visit::Visit,
};

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_or_personal_is_told_of_a_visit_obs_3() {
    let mut canaries = Canaries::default();
    let house = House::open("json", &[], &mut canaries).await;
    let mut visit = Visit::new(&house, &mut canaries);
    let (_, refresh) = visit.register().await;
    let access = visit.come_and_go(&refresh).await;
    visit.knock_everywhere(&access).await;
    visit.follow_links().await;
    let access = visit.log_in().await;
    visit.take_part(&access).await;
    visit.call().await;
    visit.find_it_broken().await;
    let Visit { caller, email, .. } = visit;
    operators::give_reasons(&caller, &house, &email).await;
    let (mut told, pages) = operators::look_everywhere(&caller, &house, &canaries).await;
    assert!(pages > 40, "six services have more than {pages} pages");

    // It would be found: it is where it belongs.
    let mailbox = caller.get(house.at("email").http, "/mailbox.json").await;
    assert!(!canaries.told_in("the mailbox", &mailbox.text).is_empty());

    let (lines, place) = house.close();
    let secrets = std::fs::read_to_string(place.path().join("secrets/internal")).unwrap();
    assert!(
        !canaries
            .told_in("the folder of secrets", &secrets)
            .is_empty()
    );
    assert!(
        lines.stdout.contains("\"route\":\"/auth/v1/login\""),
        "nothing was told of the visit"
    );
    for network in ["203.0.113.0/24", "2001:db8:17::/48"] {
        assert!(
            lines
                .stdout
                .contains(&format!("\"client_address\":\"{network}\"")),
            "nothing was told of the network {network}"
        );
    }
    assert!(
        lines.stdout.contains("\"level\":\"DEBUG\""),
        "little was told of the visit"
    );
    assert!(
        lines.stdout.contains("no such table"),
        "nothing was told of the failure"
    );
    assert!(
        lines.spans.contains("/auth/v1/login"),
        "no span was told of the visit"
    );
    told.extend(canaries.told_in("stdout", &lines.stdout));
    told.extend(canaries.told_in("stderr", &lines.stderr));
    told.extend(canaries.told_in("the spans", &lines.spans));
    let (of_audit, records) = commands::audit_logs(place.path(), &canaries);
    assert!(records.contains("user.verify_email"), "{records}");
    told.extend(of_audit);
    told.extend(commands::dead_letters(place.path(), &canaries).0);
    assert!(
        told.is_empty(),
        "{} of {}: {told:#?}",
        told.len(),
        canaries.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_told_of_mail_that_is_refused_obs_3() {
    let mut canaries = Canaries::default();
    let server = TalkativeServer::start().await;
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
    let house = House::open("text", &settings, &mut canaries).await;
    let mut visit = Visit::new(&house, &mut canaries);
    let (_, refresh) = visit.register().await;
    let access = visit.come_and_go(&refresh).await;
    visit.knock_everywhere(&access).await;
    visit.call().await;
    let Visit { caller, .. } = visit;

    let begun = Instant::now();
    let letters = loop {
        let letters = operators::dead_letters(&caller, &house).await;
        if !letters.is_empty() {
            break letters.join("\n");
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "the mail did not die: {}",
            server.heard()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(letters.contains("NON_RETRIABLE"), "{letters}");
    let mut told = canaries.told_in("dead letters", &letters);
    let (pages, _) = operators::look_everywhere(&caller, &house, &canaries).await;
    told.extend(pages);

    // They would be found: the server heard all of them.
    let heard = canaries.told_in("what the server heard", &server.heard());
    for what in [
        "the password of mail",
        "the user of mail",
        "the name in an address",
    ] {
        assert!(
            heard.iter().any(|found| found.starts_with(what)),
            "{what}: {heard:#?}"
        );
    }
    let (lines, place) = house.close();
    assert!(
        lines.stdout.contains("could not be handled"),
        "nothing was told of the failure"
    );
    told.extend(canaries.told_in("stdout", &lines.stdout));
    told.extend(canaries.told_in("stderr", &lines.stderr));
    told.extend(canaries.told_in("the spans", &lines.spans));
    let (of_letters, count) = commands::dead_letters(place.path(), &canaries);
    assert!(count > 0, "no letter died");
    told.extend(of_letters);
    assert!(
        told.is_empty(),
        "{} of {}: {told:#?}",
        told.len(),
        canaries.len()
    );
}
