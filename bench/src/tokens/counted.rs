use std::{
    env, fs,
    io::{self, Write as _},
    process::{self, Command, Stdio},
};

use super::{Caller, TOKENS};
use crate::{Failure, instructions::total};

/// Counts the instructions of an anonymous request and of one with a cached token, without a
/// socket.
pub(crate) fn count_instructions(requests: u32) -> Result<(), Failure> {
    let each = |known| -> Result<u64, Failure> {
        let short = count(requests, known)?;
        let long = count(requests * 2, known)?;
        Ok(long.saturating_sub(short) / u64::from(requests))
    };
    let (anonymous, authenticated) = (each(false)?, each(true)?);
    let percent = anonymous * 100 / authenticated.max(1);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "instructions of a request without a socket, {TOKENS} EdDSA valid tokens, with revocation"
    )?;
    writeln!(out, "anonymous     {anonymous:>8}")?;
    writeln!(
        out,
        "authenticated {authenticated:>8}   +{}",
        authenticated.saturating_sub(anonymous)
    )?;
    writeln!(out, "anonymous     {percent:>8} % of authenticated")?;
    Ok(())
}

/// Returns the instructions of a process that responds to a number of requests. They include the
/// start and the verification of all tokens.
fn count(requests: u32, authenticated: bool) -> Result<u64, Failure> {
    let name = format!("seaworthy-bench-{}.callgrind", process::id());
    let file = env::temp_dir().join(name);
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(env::current_exe()?)
        .args(["answer-once", "--requests", &requests.to_string()])
        .args(authenticated.then_some("--authenticated"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind cannot be run: {error}"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the process ended with {}:\n{stderr}", output.status).into());
    }
    let total = total(&file)?;
    fs::remove_file(&file)?;
    Ok(total)
}

/// Answers a number of requests.
pub(crate) fn answer_once(requests: u32, authenticated: bool) -> Result<(), Failure> {
    let mut caller = Caller::new()?;
    (0..requests).try_for_each(|_| caller.call(authenticated))
}
