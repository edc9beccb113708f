//! A real Kafka.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    keeper::kept,
    process::{Process, finish, folder, free_address, listens},
};

/// A running Kafka of one node that is broker and controller. It is killed when this is dropped.
#[derive(Debug)]
pub struct KafkaServer {
    libraries: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    process: Process,
}

impl KafkaServer {
    /// Starts one; `libraries` is the folder of the official jars, which `SEAWORTHY_TEST_KAFKA` names.
    ///
    /// # Errors
    /// It cannot be started, or does not listen in time.
    pub fn start(libraries: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder(None)?;
        let address = free_address()?;
        let controller = free_address()?;
        let settings = folder.path().join("server.properties");
        fs::write(
            &settings,
            format!(
                "process.roles=broker,controller\n\
                 node.id=1\n\
                 controller.quorum.voters=1@{controller}\n\
                 listeners=PLAINTEXT://{address},CONTROLLER://{controller}\n\
                 advertised.listeners=PLAINTEXT://{address}\n\
                 controller.listener.names=CONTROLLER\n\
                 log.dirs={}\n\
                 num.partitions=4\n\
                 offsets.topic.replication.factor=1\n\
                 offsets.topic.num.partitions=4\n\
                 transaction.state.log.replication.factor=1\n\
                 transaction.state.log.min.isr=1\n\
                 group.initial.rebalance.delay.ms=0\n",
                folder.path().join("data").display()
            ),
        )?;
        let mut server = Self {
            libraries: libraries.into(),
            folder,
            address,
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
        finish(format)?;
        server.restart()?;
        Ok(server)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a `kafka://` URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("kafka://{}", self.address)
    }

    /// Starts it again at the same address, with its topics.
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

    /// Kills it as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Lets it accept and never answer, until [`resume`](Self::resume).
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Ends [`freeze`](Self::freeze).
    pub fn resume(&self) {
        self.process.signal(Signal::CONT);
    }
}

fn java(libraries: &Path) -> std::process::Command {
    let mut command = kept(Path::new("java"), None);
    command
        .args([
            "-Xmx384m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
        ])
        .arg(libraries.join("*"));
    command
}
