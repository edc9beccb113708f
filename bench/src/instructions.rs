use std::{
    fmt::Write as _,
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clap::ValueEnum as _;

use crate::{Failure, WORKLOADS, load, target::Target, workload::Workload};

/// Prints the rows, and returns them as text.
pub(crate) fn run(requests: u32, prefix: Option<&Path>) -> Result<String, Failure> {
    let mut out = io::stdout().lock();
    let mut rows = String::new();
    let collector = load::start_collector()?;
    writeln!(
        out,
        "instructions per request, {requests} requests against twice as many"
    )?;
    for workload in WORKLOADS {
        writeln!(out, "\n{workload}")?;
        let _ = writeln!(rows, "{workload}");
        let mut bare = 0;
        for (index, &target) in workload.targets().iter().enumerate() {
            let profile = prefix.map(|prefix| profile_path(prefix, target, workload));
            let short = count(target, workload, requests, &collector, None)?;
            let long = count(
                target,
                workload,
                requests * 2,
                &collector,
                profile.as_deref(),
            )?;
            let each = long.saturating_sub(short) / u64::from(requests);
            if index == 0 {
                bare = each;
            }
            let times = each * 100 / bare.max(1);
            let row = format!(
                "{:<22} {each:>8}   {}.{:02} times bare",
                target.name(),
                times / 100,
                times % 100
            );
            writeln!(out, "{row}")?;
            let _ = writeln!(rows, "{row}");
        }
    }
    Ok(rows)
}

/// Returns the path of the profile of a run.
fn profile_path(prefix: &Path, target: Target, workload: Workload) -> PathBuf {
    let mut name = prefix.as_os_str().to_owned();
    name.push(format!(".{target:?}.{workload:?}").to_lowercase());
    name.into()
}

/// Returns the instructions of a server process that responds to a number of requests, including
/// its start and stop.
fn count(
    target: Target,
    workload: Workload,
    requests: u32,
    collector: &str,
    profile: Option<&Path>,
) -> Result<u64, Failure> {
    let unique = format!("seaworthy-bench-{}.callgrind", std::process::id());
    let file = profile.map_or_else(|| std::env::temp_dir().join(unique), Path::to_owned);
    let value = target.to_possible_value();
    let name = value
        .as_ref()
        .map_or_else(String::new, |value| value.get_name().to_owned());
    let mut server = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(std::env::current_exe()?)
        .args(["serve-once", "--target", &name, "--collector", collector])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("valgrind cannot be run: {error}"))?;
    let mut line = String::new();
    let stdout = server.stdout.take().ok_or("the server has no output")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let sent = line
        .trim()
        .parse::<SocketAddr>()
        .map_err(Failure::from)
        .and_then(|address| load::send(address, workload, requests));
    // The server stops when stdin closes.
    drop(server.stdin.take());
    let mut server_log = String::new();
    if let Some(mut stderr) = server.stderr.take() {
        stderr.read_to_string(&mut server_log)?;
    }
    let status = server.wait()?;
    sent.map_err(|error| format!("{error}\n{server_log}"))?;
    if !status.success() {
        return Err(format!("the server ended with {status}:\n{server_log}").into());
    }
    let total = total(&file)?;
    if profile.is_none() {
        fs::remove_file(&file)?;
    }
    Ok(total)
}

/// Returns the sum of all instructions in a callgrind profile.
pub(crate) fn total(file: &Path) -> Result<u64, Failure> {
    let profile = fs::read_to_string(file)?;
    let total = profile
        .lines()
        .find_map(|line| {
            line.strip_prefix("totals: ")
                .or_else(|| line.strip_prefix("summary: "))
        })
        .ok_or("callgrind wrote no total")?;
    Ok(total.trim().parse()?)
}

/// Serves until stdin closes.
pub(crate) fn serve_once(target: Target, collector: &str) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let address = target.serve(collector).await?;
        writeln!(io::stdout(), "{address}")?;
        tokio::task::spawn_blocking(|| {
            let mut nothing = String::new();
            io::stdin().read_line(&mut nothing)
        })
        .await??;
        Ok(())
    })
}
