//! A service that sends mail, and its SMTP server.

use std::{
    fs,
    time::{Duration, Instant},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use schemars::JsonSchema;
use seaworthy_config::{Loader, Profile};
use seaworthy_mail::{Mail, MailConfig, Mailer};
use seaworthy_service::{Assembly, RunningService, Service};
use seaworthy_testkit::{
    exim::{EximServer, EximSettings},
    requirement::required,
};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// The time limit for any wait, on a loaded machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct TestConfig {
    mail: MailConfig,
}

/// A service that sends mail with these settings.
pub(crate) struct TestApp {
    pub(crate) mailer: Mailer,
    pub(crate) service: RunningService,
}

pub(crate) async fn start(profile: Profile, settings: &[String]) -> Result<TestApp, String> {
    let loader = Loader::for_tests("letters")
        .profile(profile)
        .overrides(settings.iter().cloned());
    let (sender, receiver) = std::sync::mpsc::channel();
    let service = Service::new("letters", "1")
        .start(loader, async move |service: &Assembly<TestConfig>| {
            let mailer = Mailer::new(service, "mail", &service.settings().mail)?;
            if let Some(mailbox) = mailer.mailbox() {
                service.http(mailbox.routes());
            }
            sender.send(mailer).unwrap();
            Ok(())
        })
        .await
        .map_err(|error| error.chain().join(": "))?;
    Ok(TestApp {
        mailer: receiver.recv().unwrap(),
        service,
    })
}

pub(crate) async fn start_in_development(settings: &[String]) -> TestApp {
    start(Profile::Development, settings)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn exim(settings: &EximSettings) -> Option<EximServer> {
    let program = required("SEAWORTHY_TEST_EXIM")?;
    Some(EximServer::start(program, settings).unwrap_or_else(|error| panic!("{error}")))
}

/// A certificate authority, and a server certificate that it signed.
pub(crate) struct Authority {
    pub(crate) folder: TempDir,
    pub(crate) tls: (String, String),
}

pub(crate) fn authority() -> Authority {
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
    pub(crate) fn trusted(&self) -> String {
        format!(
            "mail.ca_file={}",
            self.folder.path().join("ca.pem").display()
        )
    }
}

pub(crate) fn settings(scheme: &str, server: &EximServer, more: &[&str]) -> Vec<String> {
    let port = server.address().port();
    let mut settings = vec![
        format!("mail.url={scheme}localhost:{port}"),
        "mail.from=City Events <events@example.org>".to_owned(),
    ];
    settings.extend(more.iter().map(|one| (*one).to_owned()));
    settings
}

pub(crate) fn letter(to: &str) -> Mail {
    Mail::new(to, "Grüße: verify your email")
        .unwrap()
        .text("Follow the link\nhttps://events.example.org/verify?token=abc\n.\nThe line above is one dot.\n")
        .html("<p>Follow the link</p>")
        .message_id("m-1")
}

/// Waits until the server has stored a message.
pub(crate) async fn arrived(server: &EximServer) -> String {
    let begun = Instant::now();
    loop {
        if let Some(message) = server.messages().unwrap().pop() {
            return message;
        }
        assert!(begun.elapsed() < TIMEOUT, "nothing has arrived");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn login() -> Option<(String, String)> {
    Some(("events".to_owned(), "open sesame".to_owned()))
}
