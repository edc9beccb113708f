//! A real Kafka.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    process::{Process, finish, folder, free_address, listens},
    spawner::bound_command,
};

/// The file of the server's key and certificate, in its folder.
const IDENTITY: &str = "identity.pem";
/// The key of the setting with the users of SASL `PLAIN`.
const PLAIN_USERS: &str = "listener.name.sasl_plaintext.plain.sasl.jaas.config";

/// A running Kafka of one node that is broker and controller. Dropping this kills it.
#[derive(Debug)]
pub struct KafkaServer {
    libraries: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    proxied: Option<ProxiedListener>,
    process: Process,
}

/// A second listener, only for clients that connect through a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxiedListener {
    /// The advertised address, on which the proxy will listen.
    pub advertised: SocketAddr,
    /// The address on which the server listens for the proxy.
    pub listening: SocketAddr,
}

impl KafkaServer {
    /// Starts a server. `libraries` is the folder of the official jars, which
    /// `SEAWORTHY_TEST_KAFKA` names.
    ///
    /// # Errors
    /// It cannot be started, or does not listen in time.
    pub fn start(libraries: impl Into<PathBuf>) -> io::Result<Self> {
        let proxied = ProxiedListener {
            advertised: free_address()?,
            listening: free_address()?,
        };
        let settings = "inter.broker.listener.name=PLAINTEXT\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT\n";
        let listener = Listener {
            settings: settings.to_owned(),
            proxied: Some(proxied),
            ..Listener::plain("PLAINTEXT")
        };
        Self::start_as(libraries.into(), &listener)
    }

    /// Starts one that requires this user and password (SASL `PLAIN`).
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with_user(
        libraries: impl Into<PathBuf>,
        user: &str,
        password: &str,
    ) -> io::Result<Self> {
        let users = plain_users(user, password);
        let settings = format!(
            "inter.broker.listener.name=SASL_PLAINTEXT\n\
             listener.security.protocol.map=SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT\n\
             sasl.enabled.mechanisms=PLAIN\n\
             sasl.mechanism.inter.broker.protocol=PLAIN\n\
             {users}"
        );
        let listener = Listener {
            settings,
            ..Listener::plain("SASL_PLAINTEXT")
        };
        Self::start_as(libraries.into(), &listener)
    }

    /// Starts a server that accepts only TLS and authenticates this user and password (SASL
    /// `SCRAM-SHA-256` or `SCRAM-SHA-512`). `identity` is its key (PKCS#8) and its certificate,
    /// both as PEM.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with_tls(
        libraries: impl Into<PathBuf>,
        identity: &str,
        user: &str,
        password: &str,
    ) -> io::Result<Self> {
        let login = "org.apache.kafka.common.security.scram.ScramLoginModule";
        let [first, second] = ["256", "512"].map(|bits| {
            format!(
                "listener.name.sasl_ssl.scram-sha-{bits}.sasl.jaas.config={login} required \
                 username=\"{user}\" password=\"{password}\";\n"
            )
        });
        let settings = format!(
            "inter.broker.listener.name=SASL_SSL\n\
             listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT\n\
             sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512\n\
             sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512\n\
             ssl.keystore.type=PEM\n\
             ssl.keystore.location={IDENTITY}\n\
             ssl.truststore.type=PEM\n\
             ssl.truststore.location={IDENTITY}\n\
             {first}{second}"
        );
        let users = ["256", "512"]
            .map(|bits| format!("SCRAM-SHA-{bits}=[name={user},password={password}]"));
        let listener = Listener {
            settings,
            identity: Some(identity.to_owned()),
            users: users.to_vec(),
            ..Listener::plain("SASL_SSL")
        };
        Self::start_as(libraries.into(), &listener)
    }

    fn start_as(libraries: PathBuf, listener: &Listener) -> io::Result<Self> {
        let folder = folder(None)?;
        if let Some(identity) = &listener.identity {
            fs::write(folder.path().join(IDENTITY), identity)?;
        }
        let address = free_address()?;
        let controller = free_address()?;
        let settings = folder.path().join("server.properties");
        let protocol = listener.protocol;
        let (listening, advertised) = match listener.proxied {
            Some(proxied) => (
                format!(",PROXIED://{}", proxied.listening),
                format!(",PROXIED://{}", proxied.advertised),
            ),
            None => Default::default(),
        };
        fs::write(
            &settings,
            format!(
                "process.roles=broker,controller\n\
                 node.id=1\n\
                 controller.quorum.voters=1@{controller}\n\
                 listeners={protocol}://{address},CONTROLLER://{controller}{listening}\n\
                 advertised.listeners={protocol}://{address}{advertised}\n\
                 controller.listener.names=CONTROLLER\n\
                 log.dirs={}\n\
                 num.partitions=4\n\
                 offsets.topic.replication.factor=1\n\
                 offsets.topic.num.partitions=4\n\
                 transaction.state.log.replication.factor=1\n\
                 transaction.state.log.min.isr=1\n\
                 group.initial.rebalance.delay.ms=0\n\
                 {}",
                folder.path().join("data").display(),
                listener.settings
            ),
        )?;
        let mut server = Self {
            libraries,
            folder,
            address,
            proxied: listener.proxied,
            process: Process::default(),
        };
        let mut format = java(&server.libraries);
        format
            .args([
                "kafka.tools.StorageTool",
                "format",
                "-t",
                "c2Vhd29ydGh5LXRlc3Rz",
                "-c",
            ])
            .arg(&settings);
        for user in &listener.users {
            format.args(["--add-scram", user]);
        }
        // Relative paths in the settings start at this folder.
        format.current_dir(server.folder.path());
        finish(format)?;
        server.restart()?;
        Ok(server)
    }

    /// Returns the address on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its address as a `kafka://` URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("kafka://{}", self.address)
    }

    /// Returns the listener for a proxy, which servers without credentials have.
    ///
    /// # Panics
    /// The server requires credentials.
    #[must_use]
    #[expect(clippy::expect_used, reason = "this is how a test fails")]
    pub fn proxied(&self) -> ProxiedListener {
        self.proxied.expect("a server without credentials")
    }

    /// Starts the server again at the same address, with its topics.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let mut command = java(&self.libraries);
        command
            .arg("kafka.Kafka")
            .arg(self.folder.path().join("server.properties"))
            .current_dir(self.folder.path());
        let address = self.address;
        let log = self.folder.path().join("log");
        self.process.start(command, &log, || listens(address))
    }

    /// Restarts a server of [`start_with_user`](Self::start_with_user) with another password.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn set_password(&mut self, user: &str, password: &str) -> io::Result<()> {
        let file = self.folder.path().join("server.properties");
        let settings = fs::read_to_string(&file)?;
        let lines = settings
            .lines()
            .filter(|line| !line.starts_with(PLAIN_USERS));
        let mut settings: String = lines.flat_map(|line| [line, "\n"]).collect();
        settings.push_str(&plain_users(user, password));
        fs::write(&file, settings)?;
        self.restart()
    }

    /// Kills the server, like a crash.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Makes the server accept connections and never respond, until [`resume`](Self::resume).
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Ends [`freeze`](Self::freeze).
    pub fn resume(&self) {
        self.process.signal(Signal::CONT);
    }
}

/// The security settings of the listener for clients.
struct Listener {
    protocol: &'static str,
    settings: String,
    identity: Option<String>,
    users: Vec<String>,
    proxied: Option<ProxiedListener>,
}

impl Listener {
    fn plain(protocol: &'static str) -> Self {
        Self {
            protocol,
            settings: String::new(),
            identity: None,
            users: Vec::new(),
            proxied: None,
        }
    }
}

/// The setting with the users of SASL `PLAIN`.
fn plain_users(user: &str, password: &str) -> String {
    format!(
        "{PLAIN_USERS}=org.apache.kafka.common.security.plain.PlainLoginModule required \
         username=\"{user}\" password=\"{password}\" user_{user}=\"{password}\";\n"
    )
}

fn java(libraries: &Path) -> std::process::Command {
    let mut command = bound_command(Path::new("java"), None);
    command
        .args([
            "-Xmx384m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
        ])
        .arg(libraries.join("*"));
    command
}
