use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path};

use rustix::process::Signal;
use seaworthy_testkit::process::{Ended, ServiceProcess};
use tempfile::TempDir;

use crate::{canary::Canaries, collector::Collector};

const SERVICES: [&str; 6] = ["auth", "event", "join", "feed", "email", "bff"];
/// The secrets that the platform would make itself.
const SECRETS: [(&str, &str); 5] = [
    ("jwt", "kohlmeise-blaumeise-haubenmeise-sumpfmeise"),
    ("internal", "zaunkoenig-wintergoldhaehnchen-am-tor"),
    ("service_calls", "eichelhaeher-tannenhaeher-unglueckshaeher"),
    ("audit_log", "gartenrotschwanz-hausrotschwanz-im-hof"),
    ("anonymous", "mauersegler-rauchschwalbe-mehlschwalbe"),
];
/// Variables that deployments give to services. The platform in one process has files for these secrets, which count more.
const VARIABLES: [(&str, &str); 4] = [
    ("JWT_SECRET", "sperlingskauz-rauhfusskauz-waldkauz-uhu"),
    ("INTERNAL_SECRET_KEY", "schleiereule-sumpfohreule-nachts"),
    ("SMTP_PASS", "wachtelkoenig-tuepfelsumpfhuhn"),
    ("ADMIN_TOKEN", "nachtschwalbe-ziegenmelker-heide"),
];

/// The platform as a process of its own that tells all that it can tell.
pub(crate) struct House {
    process: ServiceProcess,
    place: TempDir,
    collector: Collector,
    addresses: BTreeMap<&'static str, Addresses>,
    pub(crate) internal_secret: String,
}

/// Where a service listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) http: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) grpc: Option<SocketAddr>,
}

/// What was told until the end.
pub(crate) struct Told {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) spans: String,
}

impl House {
    /// Starts it with lines of this form, and `more` settings as `SERVICE.KEY=VALUE`.
    pub(crate) async fn open(format: &str, more: &[String], canaries: &mut Canaries) -> Self {
        let place = tempfile::tempdir().unwrap();
        let secrets = place.path().join("secrets");
        fs::create_dir(&secrets).unwrap();
        for (name, secret) in SECRETS {
            let secret = canaries.secret(&format!("the secret {name}"), secret);
            fs::write(secrets.join(name), secret).unwrap();
        }
        let collector = Collector::start().await;
        let all = SERVICES.into_iter().flat_map(|service| {
            [
                format!("log.format={format}"),
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
        let settings: Vec<String> = all.chain(limits).chain(more.iter().cloned()).collect();
        plant_variables(canaries);
        let mut process = start(place.path(), &settings);
        process.line("Stop it with Ctrl-C").unwrap();
        let addresses = SERVICES.map(|name| {
            let line = process.line(&format!("    {name:<6} http://")).unwrap();
            (name, Addresses::read(&line))
        });
        Self {
            process,
            place,
            collector,
            addresses: addresses.into(),
            internal_secret: SECRETS[1].1.to_owned(),
        }
    }

    pub(crate) fn at(&self, service: &str) -> Addresses {
        *self.addresses.get(service).unwrap()
    }

    pub(crate) fn services(&self) -> impl Iterator<Item = (&'static str, Addresses)> {
        self.addresses.iter().map(|(name, at)| (*name, *at))
    }

    pub(crate) fn place(&self) -> &Path {
        self.place.path()
    }

    /// Stops it in order, and hands over what it said and what it keeps.
    pub(crate) fn close(self) -> (Told, TempDir) {
        self.process.signal(Signal::TERM).unwrap();
        let Ended { stdout, stderr, .. } = self.process.ended().unwrap();
        let told = Told {
            stdout: stdout.join("\n"),
            stderr,
            spans: self.collector.text(),
        };
        (told, self.place)
    }
}

/// The secrets that every start finds in its variables.
pub(crate) fn plant_variables(canaries: &mut Canaries) {
    for (name, secret) in VARIABLES {
        canaries.secret(&format!("the variable {name}"), secret);
    }
}

/// Starts the program with these settings in this place.
pub(crate) fn start(place: &Path, settings: &[String]) -> ServiceProcess {
    let program = Path::new(env!("CARGO_BIN_EXE_city-events"));
    let data = place.display().to_string();
    let mut arguments = vec!["--data", &data, "--free-ports", "--empty"];
    arguments.extend(settings.iter().flat_map(|set| ["--set", set.as_str()]));
    ServiceProcess::start_as_is(program, &arguments, &VARIABLES).unwrap()
}

impl Addresses {
    fn read(line: &str) -> Self {
        let behind = |part: &str| {
            let (_, rest) = line.split_once(part)?;
            rest.split_whitespace().next()?.parse().ok()
        };
        Self {
            http: behind(" http://").unwrap(),
            admin: behind("operators http://").unwrap(),
            grpc: behind("gRPC "),
        }
    }
}
