use std::{
    error::Error as _,
    io::{self, Write as _},
    process::ExitCode,
};

use seaworthy::{config::ConfigErrors, prelude::StartError};
use tokio::signal::unix::{SignalKind, signal};

use crate::{Arguments, Folder, Platform, PlatformOptions, seed::seed};

/// As every service's program ends.
const FAILURE: u8 = 1;
const USAGE: u8 = 2;
const CUT_OFF: u8 = 75;
const CONFIGURATION: u8 = 78;

/// The whole of the program `city-events`: starts all services, and stops them in order at SIGTERM and SIGINT.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::read(std::env::args()) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return match error.use_stderr() {
                true => USAGE.into(),
                false => ExitCode::SUCCESS,
            };
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&StartError::because("the runtime cannot be started", error)),
    };
    let status = runtime.block_on(serve(arguments));
    runtime.shutdown_background();
    status
}

async fn serve(arguments: Arguments) -> ExitCode {
    let mut stop = match Stop::listen() {
        Ok(stop) => stop,
        Err(error) => return refuse(&StartError::because("signals cannot be listened to", error)),
    };
    let options = PlatformOptions {
        set: arguments.set,
        free_ports: arguments.free_ports,
        profile: None,
    };
    let started = async {
        let folder = Folder::open(arguments.data)?;
        let platform = Platform::start(&folder, &options).await?;
        Ok::<_, StartError>((folder, platform))
    };
    let (folder, platform) = tokio::select! {
        started = started => match started {
            Ok(started) => started,
            Err(error) => return refuse(&error),
        },
        () = stop.asked() => return ExitCode::SUCCESS,
    };
    let is_asked = tokio::select! {
        () = look_inhabited(&folder, &platform, arguments.empty) => false,
        () = stop.asked() => true,
    };
    if !is_asked {
        tell(&folder, &platform);
        stop.asked().await;
    }
    let unfinished = tokio::select! {
        unfinished = platform.stop() => unfinished,
        // Whoever asks twice does not want to wait.
        () = stop.asked() => vec!["the stop".to_owned()],
    };
    if unfinished.is_empty() {
        return ExitCode::SUCCESS;
    }
    complain(&format!(
        "error: these were still running at the end of the stop: {}",
        unfinished.join(", ")
    ));
    CUT_OFF.into()
}

/// Gives an empty platform something to look at. That this fails is no reason not to run.
async fn look_inhabited(folder: &Folder, platform: &Platform, stays_empty: bool) {
    if stays_empty || folder.is_seeded() {
        return;
    }
    if !platform.is_on_loopback() {
        tracing::warn!(
            "no accounts were seeded, because their password is published and other machines reach the platform"
        );
        return;
    }
    let Some(door) = platform.addresses("bff") else {
        return;
    };
    let seeded = match seed(door.http).await {
        Ok(()) => folder.set_seeded().map_err(Into::into),
        Err(error) => Err(error),
    };
    if let Err(error) = seeded {
        let cause = error.source().map(ToString::to_string);
        tracing::warn!(%error, cause, "not everything to look at could be made; the next start tries again");
    }
}

fn tell(folder: &Folder, platform: &Platform) {
    let mut text = String::from("\n  City Events is running.\n\n");
    if let Some(door) = platform.addresses("bff") {
        text.push_str(&format!("    Open       http://{}\n", door.http));
        if platform.is_on_loopback() {
            text.push_str(&format!(
                "    Sign in    user@example.com, moderator@example.com, admin@example.com; password: {}\n",
                city_events_auth::SEED_PASSWORD
            ));
        }
    }
    if let Some(email) = platform.addresses("email") {
        text.push_str(&format!("    Mailbox    http://{}/mailbox\n", email.http));
    }
    text.push_str(&format!("    Data       {}\n\n", folder.path().display()));
    for (name, addresses) in platform.all_addresses() {
        let grpc = addresses
            .grpc
            .map(|grpc| format!("   gRPC {grpc}"))
            .unwrap_or_default();
        text.push_str(&format!(
            "    {name:<6} http://{}   operators http://{}{grpc}\n",
            addresses.http, addresses.admin
        ));
    }
    text.push_str("\n  Stop it with Ctrl-C.\n\n");
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn refuse(error: &StartError) -> ExitCode {
    complain(&format!("error: {}", error.chain().join("\n  caused by: ")));
    match has_mistakes(error) {
        true => CONFIGURATION.into(),
        false => FAILURE.into(),
    }
}

fn has_mistakes(error: &StartError) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<ConfigErrors>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The signals that ask for a stop.
struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
