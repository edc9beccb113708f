use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path};

use rustix::process::Signal;
use seaworthy::axum::body::Bytes;
use seaworthy_testkit::process::{ProcessOutput, ServiceProcess};
use tempfile::TempDir;
use tokio::sync::RwLockReadGuard;

use super::{canary::Canaries, collector::Collector};
use crate::machine;

const SERVICES: [&str; 6] = ["auth", "event", "join", "feed", "email", "bff"];
/// The secrets that the platform would generate.
const SECRETS: [(&str, &str); 6] = [
    ("jwt", "kohlmeise-blaumeise-haubenmeise-sumpfmeise"),
    ("internal", "zaunkoenig-wintergoldhaehnchen-am-tor"),
    ("service_calls", "eichelhaeher-tannenhaeher-unglueckshaeher"),
    ("audit_log", "gartenrotschwanz-hausrotschwanz-im-hof"),
    ("totp", "ziegenmelker-wiedehopf-wendehals-am-hang"),
    ("anonymous", "mauersegler-rauchschwalbe-mehlschwalbe"),
];
/// Environment variables: two legacy ones that services read, and one that no service reads. The
/// secret files of the platform override `JWT_SECRET`.
const VARIABLES: [(&str, &str); 3] = [
    ("JWT_SECRET", "sperlingskauz-rauhfusskauz-waldkauz-uhu"),
    ("SMTP_PASSWORD", "wachtelkoenig-tuepfelsumpfhuhn"),
    ("ADMIN_TOKEN", "nachtschwalbe-ziegenmelker-heide"),
];

/// The platform as one process that logs and traces as much as possible.
pub(crate) struct PlatformProcess {
    process: ServiceProcess,
    directory: TempDir,
    collector: Collector,
    addresses: BTreeMap<&'static str, Addresses>,
    pub(super) internal_secret: String,
    _machine: RwLockReadGuard<'static, ()>,
}

/// The listeners of a service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) http: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) grpc: Option<SocketAddr>,
}

/// The output of a stopped process.
pub(crate) struct Output {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) spans: String,
}

impl PlatformProcess {
    /// Starts the platform with a log format and additional settings, as `SERVICE.KEY=VALUE`.
    pub(crate) async fn start(
        log_format: &str,
        settings: &[String],
        canaries: &mut Canaries,
    ) -> Self {
        let machine = machine::shared().await;
        let directory = tempfile::tempdir().unwrap();
        let secrets = directory.path().join("secrets");
        fs::create_dir(&secrets).unwrap();
        for (name, secret) in SECRETS {
            let secret = canaries.secret(&format!("the secret {name}"), secret);
            fs::write(secrets.join(name), secret).unwrap();
        }
        let collector = Collector::start().await;
        let common = SERVICES.into_iter().flat_map(|service| {
            [
                format!("log.format={log_format}"),
                format!("tracing.endpoint=http://{}", collector.address),
                "log.level=debug".to_owned(),
                "log.targets.seaworthy_service=debug".to_owned(),
                "log.rate_limit.per_second=1000000".to_owned(),
                "server.http.rate_limit.enabled=false".to_owned(),
                "server.http.access_log.query=true".to_owned(),
                "server.http.trusted_proxies=127.0.0.1".to_owned(),
                "tracing.sample_ratio=1".to_owned(),
                "tracing.schedule_delay=200ms".to_owned(),
            ]
            .map(|setting| format!("{service}.{setting}"))
        });
        let limits = ["auth", "bff"].map(|name| format!("{name}.rate_limit.enabled=false"));
        let settings: Vec<String> = common
            .chain(limits)
            .chain(settings.iter().cloned())
            .collect();
        plant_variables(canaries);
        let mut process = start(directory.path(), &settings);
        process.line("Stop it with Ctrl-C").unwrap();
        let addresses = SERVICES.map(|name| {
            let line = process.line(&format!("    {name} ")).unwrap();
            (name, Addresses::parse(&line))
        });
        Self {
            process,
            directory,
            collector,
            addresses: addresses.into(),
            internal_secret: SECRETS[1].1.to_owned(),
            _machine: machine,
        }
    }

    pub(crate) fn service(&self, name: &str) -> Addresses {
        *self.addresses.get(name).unwrap()
    }

    pub(super) fn services(&self) -> impl Iterator<Item = (&'static str, Addresses)> {
        self.addresses
            .iter()
            .map(|(name, addresses)| (*name, *addresses))
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the exports of spans that the collector has received.
    pub(crate) fn exports(&self) -> Vec<Bytes> {
        self.collector.exports()
    }

    /// Stops the platform, and returns its output and its directory.
    pub(crate) fn stop(self) -> (Output, TempDir) {
        self.process.signal(Signal::TERM).unwrap();
        let ProcessOutput { stdout, stderr, .. } = self.process.wait_with_output().unwrap();
        let output = Output {
            stdout: stdout.join("\n"),
            stderr,
            spans: self.collector.text(),
        };
        (output, self.directory)
    }
}

/// Plants the secrets of the variables that [`start`] sets.
pub(super) fn plant_variables(canaries: &mut Canaries) {
    for (name, secret) in VARIABLES {
        canaries.secret(&format!("the variable {name}"), secret);
    }
}

/// Starts the binary with a data directory and settings.
pub(super) fn start(directory: &Path, settings: &[String]) -> ServiceProcess {
    let program = Path::new(env!("CARGO_BIN_EXE_city-events"));
    let data = directory.display().to_string();
    let mut arguments = vec!["--data", &data, "--free-ports", "--empty"];
    arguments.extend(settings.iter().flat_map(|set| ["--set", set.as_str()]));
    ServiceProcess::spawn(program, &arguments, &VARIABLES).unwrap()
}

impl Addresses {
    /// Parses a line of the list of services that the program prints.
    fn parse(line: &str) -> Self {
        let address_after = |label: &str| {
            let (_, rest) = line.split_once(label)?;
            rest.split_whitespace().next()?.parse().ok()
        };
        Self {
            http: address_after(" http://").unwrap(),
            admin: address_after("admin http://").unwrap(),
            grpc: address_after("gRPC "),
        }
    }
}
