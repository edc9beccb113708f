use std::{
    env, fs,
    io::{self, Write as _},
    process::{self, Command, Stdio},
};

use super::{ALIVE, Caller};
use crate::{Failure, instructions::total};

/// Instructions of an anonymous request and of one with a token that is remembered, through the stack without a socket.
pub(crate) fn count_instructions(requests: u32) -> Result<(), Failure> {
    let each = |known| -> Result<u64, Failure> {
        let short = count(requests, known)?;
        let long = count(requests * 2, known)?;
        Ok(long.saturating_sub(short) / u64::from(requests))
    };
    let (anonymous, known) = (each(false)?, each(true)?);
    let share = anonymous * 100 / known.max(1);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "instructions of a request without a socket, {ALIVE} EdDSA tokens alive, revocation on"
    )?;
    writeln!(out, "anonymous     {anonymous:>8}")?;
    writeln!(
        out,
        "authenticated {known:>8}   +{}",
        known.saturating_sub(anonymous)
    )?;
    writeln!(out, "anonymous     {share:>8} % of authenticated")?;
    Ok(())
}

/// Instructions of a process that answers this many requests, its start and the first look at every token among them.
fn count(requests: u32, known: bool) -> Result<u64, Failure> {
    let name = format!("seaworthy-bench-{}.callgrind", process::id());
    let file = env::temp_dir().join(name);
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(env::current_exe()?)
        .args(["answer-once", "--requests", &requests.to_string()])
        .args(known.then_some("--known"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind cannot be run: {error}"))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the requests ended with {}:\n{told}", output.status).into());
    }
    let total = total(&file)?;
    fs::remove_file(&file)?;
    Ok(total)
}

/// Has this many requests answered.
pub(crate) fn answer_once(requests: u32, known: bool) -> Result<(), Failure> {
    let mut caller = Caller::new()?;
    (0..requests).try_for_each(|_| caller.call(known))
}
