//! Measures the memory of a service that receives its first upload of 1 GiB, beside a plain copy of
//! the same bytes to a file.
//!
//! ```text
//! cargo run --profile dist -p seaworthy-uploads --example gibibyte
//! ```
#![expect(clippy::print_stdout, reason = "the result is for a person")]

#[path = "upload_server.rs"]
mod upload_server;

use std::{
    error::Error,
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Write},
    net::{SocketAddr, TcpStream},
    process::ExitCode,
    time::Instant,
};

use seaworthy_testkit::process::ServiceProcess;

const SIZE: usize = 1 << 30;
const CHUNK: usize = 64 * 1024;
/// Its presence makes this program the service.
const SERVER: &str = "GIBIBYTE_SERVER";

fn main() -> ExitCode {
    if std::env::var_os(SERVER).is_some() {
        return upload_server::main();
    }
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let settings = [
        format!("database.url=sqlite:{}", path("uploads.db")),
        "database.migrate_at_start=true".to_owned(),
        format!("broker.url=sqlite:{}", path("broker.db")),
        format!("files.url=file:{}", path("files")),
        "uploads.max_size=2GiB".to_owned(),
        "uploads.max_bytes_per_owner=4GiB".to_owned(),
        "server.http.limits.body.max_size=2GiB".to_owned(),
        "lifecycle.drain_delay=0s".to_owned(),
    ];
    let arguments: Vec<&str> = settings.iter().flat_map(|set| ["--set", set]).collect();
    let program = std::env::current_exe()?;
    let mut service = ServiceProcess::start(&program, &arguments, &[(SERVER, "1")])?;
    let (http, _) = service.addresses()?;
    let created = create(http)?;
    let before = memory(service.id())?;
    let begun = Instant::now();
    let head = format!(
        "PATCH {created} HTTP/1.1\r\nhost: test\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\ncontent-type: application/offset+octet-stream\r\ncontent-length: {SIZE}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(http)?;
    stream.write_all(head.as_bytes())?;
    write_content(&mut stream)?;
    let answer = line(&mut stream)?;
    println!("upload: {:.1} s, {answer}", begun.elapsed().as_secs_f64());
    let after = memory(service.id())?;
    println!("maximum memory: {before} KiB before, {after} KiB after");
    let begun = Instant::now();
    let mut file = File::create(folder.path().join("bare"))?;
    write_content(&mut file)?;
    file.sync_all()?;
    println!("bare file: {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}

fn write_content(target: &mut impl Write) -> std::io::Result<()> {
    let chunk = [7; CHUNK];
    (0..SIZE / CHUNK).try_for_each(|_| target.write_all(&chunk))
}

/// Creates an upload and returns its path. It also waits until the service is ready.
fn create(http: SocketAddr) -> Result<String, Box<dyn Error>> {
    let head = format!(
        "POST /uploads HTTP/1.1\r\nhost: test\r\nconnection: close\r\ntus-resumable: 1.0.0\r\nupload-length: {SIZE}\r\ncontent-length: 0\r\n\r\n"
    );
    for _ in 0..1_000 {
        let mut stream = TcpStream::connect(http)?;
        stream.write_all(head.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let location = answer
            .lines()
            .find_map(|line| line.strip_prefix("location: "));
        if let Some(location) = location {
            return Ok(location.to_owned());
        }
        if !answer.starts_with("HTTP/1.1 503") {
            return Err(answer.into());
        }
    }
    Err("the service is not ready".into())
}

fn line(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// Returns the maximum memory of a process so far, in KiB.
fn memory(process: u32) -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let value = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(value.ok_or("the process has no memory")?.parse()?)
}
