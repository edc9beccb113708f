use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use seaworthy::{config::ConfigErrors, core::error_causes, prelude::StartError};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};

use crate::{
    Arguments, DataDirectory, Platform, PlatformOptions,
    seed::{APPLICANT, PASSWORD, STUDENT, TRAINER},
};

/// Exit statuses, the same as those of every service.
const FAILURE: u8 = 1;
const USAGE: u8 = 2;
const ABORTED: u8 = 75;
const CONFIGURATION: u8 = 78;

/// Runs the program `tutoring`. It starts all services and stops them at SIGTERM or SIGINT.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args()) {
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
    match runtime {
        Ok(runtime) => {
            let served = runtime.block_on(serve(arguments));
            runtime.shutdown_background();
            served.unwrap_or_else(|error| fail(&error))
        }
        Err(error) => fail(&StartError::because("the runtime cannot be started", error)),
    }
}

async fn serve(arguments: Arguments) -> Result<ExitCode, StartError> {
    let mut stop = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    ];
    let options = PlatformOptions {
        set: arguments.set,
        free_ports: arguments.free_ports,
        page: true,
        profile: None,
    };
    let directory = DataDirectory::open(arguments.data)?;
    let platform = tokio::select! {
        started = Platform::start(&directory, &options) => started?,
        () = requested(&mut stop) => return Ok(ExitCode::SUCCESS),
    };
    let is_stopping = tokio::select! {
        () = seed(&platform, arguments.empty) => false,
        () = requested(&mut stop) => true,
    };
    if !is_stopping {
        print_addresses(&directory, &platform);
        requested(&mut stop).await;
    }
    let unfinished = tokio::select! {
        unfinished = platform.stop() => unfinished,
        // A second signal skips the rest of the stop.
        () = requested(&mut stop) => vec!["the stop itself".to_owned()],
    };
    if unfinished.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    print_error(&format!(
        "error: the stop aborted {}",
        unfinished.join(", ")
    ));
    Ok(ABORTED.into())
}

/// Creates the sample users. A failure does not stop the platform.
async fn seed(platform: &Platform, is_disabled: bool) {
    if is_disabled {
        return;
    }
    if let Err(error) = platform.seed().await {
        print_error(&format!(
            "warning: {}",
            error.chain().join("\n  caused by: ")
        ));
    }
}

async fn requested([terminate, interrupt]: &mut [Signal; 2]) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn print_addresses(directory: &DataDirectory, platform: &Platform) {
    let mut text = String::from("\n  Tutoring is running.\n\n");
    if let Some(page) = platform.addresses("page") {
        text.push_str(&format!("    Open       http://{}\n", page.http));
    }
    if let Some(accounts) = platform.addresses("student-auth") {
        text.push_str(&format!(
            "    Mailbox    http://{}/mailbox\n",
            accounts.http
        ));
    }
    text.push_str(&format!(
        "    Admin      {SEED_EMAIL}, password {SEED_PASSWORD}\n"
    ));
    text.push_str(&format!(
        "    Student    {STUDENT}, password {PASSWORD}\n    Trainers   {TRAINER} (approved), {APPLICANT} (pending), same password\n"
    ));
    text.push_str(&format!(
        "    Data       {}\n\n",
        directory.path().display()
    ));
    for (name, addresses) in platform.all_addresses() {
        text.push_str(&format!(
            "    {name:<14} http://{}   admin http://{}\n",
            addresses.http, addresses.admin
        ));
    }
    text.push_str("\n  Stop it with Ctrl-C.\n\n");
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn fail(error: &StartError) -> ExitCode {
    print_error(&format!("error: {}", error.chain().join("\n  caused by: ")));
    match error_causes(error).any(|cause| cause.is::<ConfigErrors>()) {
        true => CONFIGURATION.into(),
        false => FAILURE.into(),
    }
}

fn print_error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
