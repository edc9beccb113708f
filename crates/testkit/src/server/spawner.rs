use std::{
    io,
    path::Path,
    process::{Child, Command},
    sync::{OnceLock, mpsc},
    thread,
};

use rustix::process::geteuid;

/// The program of util-linux that sets the user and the parent-death signal of a process.
const SETPRIV: &str = "/usr/bin/setpriv";

type Order = (Command, mpsc::Sender<io::Result<Child>>);

/// Starts processes from a thread that lives as long as the test binary. The kernel kills a child
/// when the *thread* that started it ends, and each test has its own thread.
static SPAWNER: OnceLock<mpsc::Sender<Order>> = OnceLock::new();

/// Returns a command that is killed when the test binary ends for any reason, if the system
/// supports this. As root it runs as `user`.
pub(super) fn bound_command(program: &Path, user: Option<&str>) -> Command {
    if !Path::new(SETPRIV).exists() {
        return Command::new(program);
    }
    let mut command = Command::new(SETPRIV);
    command.args(["--pdeathsig", "KILL"]);
    if let Some(user) = user.filter(|_| geteuid().is_root()) {
        command.args([
            &format!("--reuid={user}"),
            &format!("--regid={user}"),
            "--clear-groups",
        ]);
    }
    command.arg(program);
    command
}

/// Starts a command on the thread of the spawner.
pub(super) fn start(command: Command) -> io::Result<Child> {
    let spawner = SPAWNER.get_or_init(|| {
        let (orders, taken) = mpsc::channel::<Order>();
        thread::spawn(move || {
            for (mut command, sender) in taken {
                let _ = sender.send(command.spawn());
            }
        });
        orders
    });
    let (sender, started) = mpsc::channel();
    spawner
        .send((command, sender))
        .map_err(|_| io::Error::other("the thread that starts servers has ended"))?;
    started.recv().map_err(io::Error::other)?
}
