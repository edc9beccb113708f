//! A real Redis.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    process::{Process, finish, folder, free_address, listens, poll},
    spawner::bound_command,
};

/// The time without bytes after which the response of a server is complete.
const SILENCE: Duration = Duration::from_millis(50);

/// A running `redis-server` without persistence. Dropping this kills it.
#[derive(Debug)]
pub struct RedisServer {
    program: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    settings: Vec<String>,
    process: Process,
}

impl RedisServer {
    /// Starts the program, which `SEAWORTHY_TEST_REDIS_SERVER` names, and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, or does not listen in time.
    pub fn start(program: impl Into<PathBuf>) -> io::Result<Self> {
        Self::start_with(program, &["--save", "", "--appendonly", "no"])
    }

    /// Starts one with these arguments, such as `--appendonly yes`.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with(program: impl Into<PathBuf>, settings: &[&str]) -> io::Result<Self> {
        let mut server = Self::stopped(program, settings)?;
        server.restart()?;
        Ok(server)
    }

    fn stopped(program: impl Into<PathBuf>, settings: &[&str]) -> io::Result<Self> {
        Ok(Self {
            program: program.into(),
            folder: folder(None)?,
            address: free_address()?,
            settings: settings
                .iter()
                .map(|setting| (*setting).to_owned())
                .collect(),
            process: Process::default(),
        })
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

    /// Returns its address as a `redis://` URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }

    /// Starts the server again at the same address, with its data on disk.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let mut command = bound_command(&self.program, None);
        command
            .args(&self.settings)
            .args(["--port", &self.address.port().to_string()])
            .args(["--bind", "127.0.0.1"])
            .current_dir(self.folder.path());
        let address = self.address;
        let log = self.folder.path().join("log");
        self.process.start(command, &log, || listens(address))
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

/// A master, a replica and a Sentinel that promotes the replica within seconds. All are killed when
/// this is dropped.
#[derive(Debug)]
pub struct RedisSentinel {
    master: RedisServer,
    _replica: RedisServer,
    sentinel: RedisServer,
}

impl RedisSentinel {
    /// The name of the master in the Sentinel.
    pub const MASTER: &str = "seaworthy";

    /// Starts them from one program and waits until the Sentinel has discovered both.
    ///
    /// # Errors
    /// As for [`RedisServer::start`].
    pub fn start(program: impl Into<PathBuf>) -> io::Result<Self> {
        let program = program.into();
        let master = RedisServer::start(&program)?;
        let port = master.address.port().to_string();
        let replica =
            RedisServer::start_with(&program, &["--save", "", "--replicaof", "127.0.0.1", &port])?;
        let name = Self::MASTER;
        let mut sentinel = RedisServer::stopped(&program, &["sentinel.conf", "--sentinel"])?;
        // A Sentinel writes its state into its configuration file.
        fs::write(
            sentinel.folder.path().join("sentinel.conf"),
            format!(
                "sentinel monitor {name} 127.0.0.1 {port} 1\nsentinel down-after-milliseconds {name} 1000\nsentinel failover-timeout {name} 5000\n"
            ),
        )?;
        sentinel.restart()?;
        let servers = Self {
            master,
            _replica: replica,
            sentinel,
        };
        poll("the Sentinel knows no replica", || {
            let reply = run_command(servers.sentinel.address, &["SENTINEL", "REPLICAS", name])?;
            Ok(reply.contains("master-link-status") && reply.contains("\r\nok\r\n"))
        })?;
        Ok(servers)
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!(
            "redis+sentinel://{}/{}",
            self.sentinel.address,
            Self::MASTER
        )
    }

    /// The Sentinel.
    #[must_use]
    pub fn sentinel(&self) -> &RedisServer {
        &self.sentinel
    }

    /// Kills the master, like a crash.
    pub fn kill_master(&mut self) {
        self.master.kill();
    }
}

/// Three masters that share the slots. All are killed when this is dropped.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts the nodes and waits until the cluster is complete.
    ///
    /// # Errors
    /// As for [`RedisServer::start`].
    pub fn start(program: impl Into<PathBuf>) -> io::Result<Self> {
        let program = program.into();
        let nodes = (0..3)
            .map(|_| {
                // The default is the port plus 10,000, which may exceed the range of ports.
                let bus = free_address()?.port().to_string();
                let settings = [
                    "--save",
                    "",
                    "--cluster-enabled",
                    "yes",
                    "--cluster-port",
                    &bus,
                ];
                RedisServer::start_with(&program, &settings)
            })
            .collect::<io::Result<Vec<_>>>()?;
        let mut create = Command::new(program.with_file_name("redis-cli"));
        create.args(["--cluster", "create"]);
        create.args(nodes.iter().map(|node| node.address.to_string()));
        create.arg("--cluster-yes");
        finish(create)?;
        poll("the cluster is not whole", || {
            let mut all_ok = true;
            for node in &nodes {
                all_ok &=
                    run_command(node.address, &["CLUSTER", "INFO"])?.contains("cluster_state:ok");
            }
            Ok(all_ok)
        })?;
        Ok(Self { nodes })
    }

    /// The nodes, each with a third of the slots.
    #[must_use]
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        let addresses: Vec<_> = self
            .nodes
            .iter()
            .map(|node| node.address.to_string())
            .collect();
        format!("redis+cluster://{}", addresses.join(","))
    }
}

/// The first bytes that a server sends in response to one command.
fn run_command(address: SocketAddr, command: &[&str]) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(SILENCE))?;
    let words: String = command
        .iter()
        .map(|word| format!("${}\r\n{word}\r\n", word.len()))
        .collect();
    write!(stream, "*{}\r\n{words}", command.len())?;
    let mut response = Vec::new();
    let mut part = [0; 4_096];
    while let Ok(read) = stream.read(&mut part) {
        if read == 0 {
            break;
        }
        response.extend(part.iter().take(read));
    }
    Ok(String::from_utf8_lossy(&response).into_owned())
}
