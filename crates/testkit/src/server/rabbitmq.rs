//! A real RabbitMQ.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    process::{Process, folder, free_address, listens, output, poll},
    spawner::bound_command,
};

/// A running RabbitMQ of one node. Dropping this kills it.
#[derive(Debug)]
pub struct RabbitmqServer {
    programs: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    distribution: SocketAddr,
    mapper: SocketAddr,
    process: Process,
}

impl RabbitmqServer {
    /// Starts a server. `programs` is the folder of `rabbitmq-server` and `rabbitmqctl`, which
    /// `SEAWORTHY_TEST_RABBITMQ` names. Do not use the wrapper scripts of a distribution.
    ///
    /// # Errors
    /// It cannot be started, or does not listen in time.
    pub fn start(programs: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder(None)?;
        fs::write(folder.path().join("plugins"), "[].\n")?;
        fs::write(
            folder.path().join("rabbitmq.conf"),
            "log.file.level = warning\n",
        )?;
        let mut server = Self {
            programs: programs.into(),
            folder,
            address: free_address()?,
            distribution: free_address()?,
            mapper: free_address()?,
            process: Process::default(),
        };
        server.restart()?;
        Ok(server)
    }

    /// Returns the process ID, or `None` if it does not run.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Returns the address on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its address as an `amqp://` URL, of the default virtual host.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(self.address)
    }

    /// Returns the URL with another address, such as that of a proxy.
    #[must_use]
    pub fn url_at(&self, address: SocketAddr) -> String {
        format!("amqp://guest:guest@{address}/%2f")
    }

    /// Starts the server again at the same address, with its durable queues.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let command = self.environment(bound_command(&self.programs.join("rabbitmq-server"), None));
        let address = self.address;
        let log = self.folder.path().join("log");
        self.process.start(command, &log, || listens(address))
    }

    /// Waits until a quorum queue survives a kill. The broker confirms a new queue up to half a
    /// second before it stores the queue's location. If it is killed in between, the queue exists
    /// without its content, and clients of the queue wait forever.
    ///
    /// # Errors
    /// The location is not stored in time.
    pub fn wait_until_durable(&self, queue: &str) -> io::Result<()> {
        let what = format!("the queue {queue} is not written down");
        poll(&what, || {
            let names = self.names()?;
            Ok(names
                .windows(queue.len())
                .any(|window| window == queue.as_bytes()))
        })
    }

    /// Reads the broker's own file of quorum queues.
    fn names(&self) -> io::Result<Vec<u8>> {
        for node in fs::read_dir(self.folder.path().join("data"))? {
            let Ok(inner) = fs::read_dir(node?.path().join("quorum")) else {
                continue;
            };
            for folder in inner {
                if let Ok(names) = fs::read(folder?.path().join("names.dets")) {
                    return Ok(names);
                }
            }
        }
        Ok(Vec::new())
    }

    /// Runs `rabbitmqctl` with these arguments.
    ///
    /// # Errors
    /// The error output of the command.
    pub fn control(&self, arguments: &[&str]) -> io::Result<()> {
        self.query(arguments).map(drop)
    }

    /// Runs `rabbitmqctl` with these arguments and returns its output.
    ///
    /// # Errors
    /// The error output of the command.
    pub fn query(&self, arguments: &[&str]) -> io::Result<String> {
        let mut command = self.environment(Command::new(self.programs.join("rabbitmqctl")));
        command.args(arguments);
        output(command)
    }

    /// Kills the server, like a crash.
    pub fn kill(&mut self) {
        self.process.kill();
        // The port mapper is a separate daemon, which the node has started.
        let _ = Command::new("epmd")
            .args(["-port", &self.mapper.port().to_string(), "-kill"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }

    /// Stops the server gracefully.
    pub fn stop(&mut self) {
        self.process.stop(Signal::TERM);
    }

    /// Makes the server accept connections and never respond, until [`resume`](Self::resume).
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Ends [`freeze`](Self::freeze).
    pub fn resume(&self) {
        self.process.signal(Signal::CONT);
    }

    /// Sets separate names, ports, folders and a cookie.
    fn environment(&self, mut command: Command) -> Command {
        let folder = self.folder.path();
        let within = |name: &str| folder.join(name);
        let port = |address: SocketAddr| address.port().to_string();
        command
            .env("HOME", folder)
            .env(
                "RABBITMQ_NODENAME",
                format!("seaworthy-{}@localhost", self.address.port()),
            )
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", port(self.address))
            .env("RABBITMQ_DIST_PORT", port(self.distribution))
            .env("ERL_EPMD_PORT", port(self.mapper))
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1}",
            )
            .env("RABBITMQ_CONF_ENV_FILE", Path::new("/dev/null"))
            .env("RABBITMQ_CONFIG_FILE", within("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", within("plugins"))
            .env("RABBITMQ_MNESIA_BASE", within("data"))
            .env("RABBITMQ_LOG_BASE", within("logs"))
            .env("RABBITMQ_PID_FILE", within("pid"))
            .env("RABBITMQ_GENERATED_CONFIG_DIR", within("generated"))
            // Otherwise the script is the child process, and a kill ends the script and not the
            // node.
            .env("RUNNING_UNDER_SYSTEMD", "true")
            .current_dir(folder);
        command
    }
}

impl Drop for RabbitmqServer {
    fn drop(&mut self) {
        self.kill();
    }
}
