//! A service binary as it is deployed: with committed settings, and with secrets that the test
//! creates.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use rand::RngExt as _;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    compose::Compose,
    database::EmptyDatabase,
    document::assert_current,
    facts::assert_facts_are_current,
    http::get,
    process::{ProcessOutput, ServiceProcess},
    server::{Shared, rabbitmq::RabbitmqServer},
};

/// The folder into which orchestrators mount secrets.
const MOUNTED: &str = "/run/secrets/";
/// The folder of the secrets in the folder of the test.
const SECRETS: &str = "secrets";
/// The address of a Redis with its password. Services work without this Redis.
const REDIS_URL: &str = "redis-url";
const NO_REDIS: &str = "rediss://:password@127.0.0.1:9/0";
/// The names of a certificate and its key. All other secrets are random texts.
const CERTIFICATE: [&str; 2] = [".crt", ".key"];

/// A binary, its settings and its secrets.
#[derive(Debug)]
pub struct Deployment {
    program: PathBuf,
    folder: TempDir,
    config: Option<String>,
    certificate: String,
    key: String,
}

impl Deployment {
    /// Creates a deployment of a binary without settings and secrets.
    ///
    /// # Errors
    /// The folder or the certificate cannot be created.
    pub fn new(program: &Path) -> io::Result<Self> {
        let folder = TempDir::new()?;
        fs::create_dir_all(folder.path().join(SECRETS))?;
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let certified = certified.map_err(io::Error::other)?;
        Ok(Self {
            program: program.to_owned(),
            folder,
            config: None,
            certificate: certified.cert.pem(),
            key: certified.signing_key.serialize_pem(),
        })
    }

    /// Copies the files of a folder with settings, and creates the secrets that they name.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn with_config(mut self, config: &Path) -> io::Result<Self> {
        let own = self.folder.path().join("config");
        fs::create_dir_all(&own)?;
        for file in fs::read_dir(config)? {
            let file = file?;
            let text = self.mount_secrets(&fs::read_to_string(file.path())?)?;
            fs::write(own.join(file.file_name()), text)?;
        }
        self.config = Some(own.display().to_string());
        Ok(self)
    }

    /// Returns the text with the paths of its secrets replaced by paths in the test's folder.
    /// Creates the secrets that do not exist yet.
    ///
    /// # Errors
    /// A secret cannot be written.
    pub fn mount_secrets(&self, text: &str) -> io::Result<String> {
        for part in text.split(MOUNTED).skip(1) {
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            let end = part.find(|letter| !is_name(letter));
            let (name, _) = part.split_at(end.unwrap_or(part.len()));
            if self.place(name).exists() {
                continue;
            }
            let [certificate, key] = CERTIFICATE;
            if name.ends_with(certificate) {
                self.secret(name, &self.certificate)?;
            } else if name.ends_with(key) {
                self.secret(name, &self.key)?;
            } else if name == REDIS_URL {
                self.secret(name, NO_REDIS)?;
            } else {
                self.secret(name, &format!("{:064x}", rand::rng().random::<u128>()))?;
            }
        }
        Ok(text.replace(MOUNTED, &self.place("").display().to_string()))
    }

    /// Sets the value of a secret.
    ///
    /// # Errors
    /// The secret cannot be written.
    pub fn secret(&self, name: &str, value: &str) -> io::Result<()> {
        fs::write(self.place(name), value)
    }

    /// Removes the password from a URL and stores it as the value of a secret. Returns the URL.
    ///
    /// # Errors
    /// The URL has no password, or the secret cannot be written.
    pub fn without_password(&self, url: &str, secret: &str) -> io::Result<String> {
        let no_password = || io::Error::other("the URL has no password");
        let (before, after) = url.split_once('@').ok_or_else(no_password)?;
        let (before, password) = before.rsplit_once(':').ok_or_else(no_password)?;
        self.secret(secret, password)?;
        Ok(format!("{before}@{after}"))
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// As for [`ServiceProcess`].
    pub fn run(
        &self,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> io::Result<ProcessOutput> {
        let arguments = [arguments, &self.arguments()].concat();
        ServiceProcess::spawn(&self.program, &arguments, environment)?.wait_with_output()
    }

    /// Returns the keys that preflight rejects in production under a requirement, such as `SEC-2`,
    /// sorted and without duplicates. `settings` are texts such as `server.http.addr=0.0.0.0:8000`.
    ///
    /// # Errors
    /// The program does not start, or prints no report.
    pub fn rejected_keys(&self, requirement: &str, settings: &[&str]) -> io::Result<Vec<String>> {
        let violations = self.violations(settings)?.into_iter();
        let refused = violations.filter(|(id, _)| id == requirement);
        Ok(refused.map(|(_, key)| key).collect())
    }

    /// Returns the requirements and keys that preflight rejects in production. `settings` are as
    /// for [`rejected_keys`](Self::rejected_keys).
    ///
    /// # Errors
    /// As for [`rejected_keys`](Self::rejected_keys).
    pub fn violations(&self, settings: &[&str]) -> io::Result<BTreeSet<(String, String)>> {
        let check = [
            "config",
            "check",
            "--format",
            "json",
            "--profile",
            "production",
        ];
        let settings = settings.iter().flat_map(|setting| ["--set", setting]);
        let arguments: Vec<_> = check.into_iter().chain(settings).collect();
        let ended = self.run(&arguments, &[])?;
        let no_report = || io::Error::other(format!("there is no report: {ended:#?}"));
        let report: Value =
            serde_json::from_str(&ended.stdout.join("\n")).map_err(|_| no_report())?;
        let violations = report.get("violations").and_then(Value::as_array);
        let violations = violations.ok_or_else(no_report)?.iter();
        let member = |violation: &Value, name| violation.get(name)?.as_str().map(str::to_owned);
        let pair = |violation| Some((member(violation, "id")?, member(violation, "key")?));
        Ok(violations.filter_map(pair).collect())
    }

    /// Starts the service on free ports.
    ///
    /// # Errors
    /// As for [`ServiceProcess`].
    pub fn start(&self, arguments: &[&str]) -> io::Result<ServiceProcess> {
        let arguments = [arguments, &self.arguments()].concat();
        ServiceProcess::start(&self.program, &arguments, &[])
    }

    fn arguments(&self) -> Vec<&str> {
        match &self.config {
            Some(folder) => vec!["--config", folder],
            None => Vec::new(),
        }
    }

    fn place(&self, secret: &str) -> PathBuf {
        self.folder.path().join(SECRETS).join(secret)
    }
}

/// Fails when the program finds an error in the variables that a compose file starts a service
/// with.
///
/// # Panics
/// If the check fails.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn assert_compose_is_accepted(program: &Path, file: &Path, service: &str) {
    let ran = Deployment::new(program).and_then(|deployment| {
        let variables = Compose::read(file).environment(service).into_iter();
        let variables: Vec<(String, String)> = variables
            .map(|(name, value)| Ok((name, deployment.mount_secrets(&value)?)))
            .collect::<io::Result<_>>()?;
        let given = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        deployment.run(&["config", "check"], &given.collect::<Vec<_>>())
    });
    match ran {
        Ok(ended) => assert!(ended.status.success(), "{service}: {ended:#?}"),
        Err(error) => panic!("the settings of {service} cannot be checked: {error}"),
    }
}

static RABBITMQ: Shared<RabbitmqServer> =
    Shared::new("SEAWORTHY_TEST_RABBITMQ", |programs: PathBuf| {
        RabbitmqServer::start(programs)
    });

/// A service of a platform, with its committed deployment documents.
#[derive(Debug, Clone, Copy)]
pub struct Deployed {
    /// Its program.
    pub program: &'static str,
    /// The folder of its package. The folder of the platform is its parent.
    pub home: &'static str,
    /// Its name in the compose file, in `config/` of the platform and in the names of its secrets.
    pub name: &'static str,
    /// Additional settings, without which the service does not start on a shared machine.
    pub more: &'static [&'static str],
}

impl Deployed {
    pub(crate) fn program(&self) -> &Path {
        Path::new(self.program)
    }

    pub(crate) fn platform(&self, path: &str) -> PathBuf {
        Path::new(self.home).join("..").join(path)
    }

    /// Returns the deployment with the committed settings for production.
    ///
    /// # Errors
    /// The settings cannot be read.
    pub fn in_production(&self) -> io::Result<Deployment> {
        let config = self.platform("config").join(self.name);
        Deployment::new(self.program())?.with_config(&config)
    }

    /// Compares the documents of the settings with the output of the program: `docs/settings.md`,
    /// `docs/settings.schema.json` and `.env.example` of its package.
    ///
    /// # Panics
    /// If the check fails.
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn documents_its_settings(&self) {
        for (file, what) in [
            ("docs/settings.md", "docs"),
            ("docs/settings.schema.json", "schema"),
            (".env.example", "env"),
        ] {
            let file = Path::new(self.home).join(file);
            let ran = ServiceProcess::spawn(self.program(), &["config", what], &[]);
            match ran.and_then(ServiceProcess::wait_with_output) {
                Ok(ended) => assert_current(&file, &(ended.stdout.join("\n") + "\n")),
                Err(error) => panic!("config {what}: {error}"),
            }
        }
    }

    /// Compares the facts of the settings for production with `deploy/facts/NAME.json` of the
    /// platform. `with` are settings with which the service starts on its own, as for
    /// [`assert_facts_are_current`].
    ///
    /// # Panics
    /// If the check fails.
    pub fn documents_its_facts(&self, with: &[&str]) {
        let config = self.platform("config").join(self.name);
        let file = self
            .platform("deploy/facts")
            .join(format!("{}.json", self.name));
        assert_facts_are_current(self.program(), &config, with, &file);
    }

    /// Fails when the program finds an error in the settings for production, or production rejects
    /// them.
    ///
    /// # Panics
    /// If the check fails.
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn is_accepted_by_production(&self) {
        let check = ["config", "check", "--profile", "production"];
        let checked = self.in_production().and_then(|new| new.run(&check, &[]));
        match checked {
            Ok(ended) => assert!(ended.status.success(), "{ended:#?}"),
            Err(error) => panic!("the settings cannot be checked: {error}"),
        }
    }

    /// Fails when the service does not become ready in production with its settings alone.
    ///
    /// # Panics
    /// If the check fails.
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn starts_in_production(&self) {
        let started = self
            .in_production()
            .and_then(|deployment| self.assert_becomes_ready(&deployment, &[]));
        if let Err(error) = started {
            panic!("{} does not start: {error}", self.name);
        }
    }

    /// Fails when the service does not become ready in production on a real PostgreSQL and
    /// RabbitMQ. Its secrets are called `<name>-database` and `<name>-broker`. The test is skipped
    /// if a server is not installed.
    ///
    /// # Panics
    /// If the check fails.
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn starts_in_production_on_real_servers(&self) {
        let (Some(database), Some(broker)) = (EmptyDatabase::postgres(), RABBITMQ.get()) else {
            return;
        };
        let started = self.in_production().and_then(|deployment| {
            let secret = |of: &str| format!("{}-{of}", self.name);
            let database = deployment.without_password(database.url(), &secret("database"))?;
            let broker = deployment.without_password(&broker.url(), &secret("broker"))?;
            // The servers of a test run on this machine.
            let own = [
                "allow_embedded=true".to_owned(),
                format!("database.url={database}"),
                format!("broker.url={broker}"),
            ];
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            let migrate = [&["migrate", "up"], &production(&own)[..]].concat();
            let migrated = deployment.run(&migrate, &[])?;
            assert!(migrated.status.success(), "{migrated:#?}");
            self.assert_becomes_ready(&deployment, &own)
        });
        if let Err(error) = started {
            panic!("{} does not start: {error}", self.name);
        }
    }

    fn assert_becomes_ready(&self, deployment: &Deployment, own: &[&str]) -> io::Result<()> {
        assert_becomes_ready(deployment, &production(&[own, self.more].concat()))
    }

    /// Fails when the program finds an error in the variables that the compose file starts it
    /// with.
    ///
    /// # Panics
    /// If the check fails.
    pub fn is_configured_by_compose(&self) {
        assert_compose_is_accepted(self.program(), &self.platform("compose.yaml"), self.name);
    }
}

/// Returns the arguments for production with settings.
fn production<'a>(settings: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![
        "--profile",
        "production",
        "--set",
        "lifecycle.drain_delay=0s",
    ];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    arguments
}

/// Starts a service, checks that it is ready, and stops it.
///
/// # Errors
/// The service cannot be started, or is not ready in time.
///
/// # Panics
/// The service is not ready, or ends with an error.
pub fn assert_becomes_ready(deployment: &Deployment, arguments: &[&str]) -> io::Result<()> {
    let mut process = deployment.start(arguments)?;
    let (_, admin) = process.addresses()?;
    process.line("\"message\":\"ready\"")?;
    assert_eq!(get(admin, "/readyz")?.status, 200);
    process.signal(Signal::TERM)?;
    let ended = process.wait_with_output()?;
    assert!(ended.status.success(), "{ended:#?}");
    Ok(())
}
