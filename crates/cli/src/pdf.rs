//! PDF, printed from the HTML report by a headless browser.

use std::error::Error;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The variable that names the browser. The configuration file of a repository cannot name it,
/// because the auditor would run a program that the repository chooses.
pub(crate) const BROWSER_VARIABLE: &str = "SEAWORTHY_BROWSER";
/// Programs that are searched in `PATH`, in this order.
const BROWSERS: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
];
/// The timeout of the browser. A report with a thousand findings takes some seconds.
const TIMEOUT: Duration = Duration::from_secs(120);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Maximum number of characters of the browser's messages that an error quotes.
const MAX_MESSAGE_CHARACTERS: usize = 500;

/// Finds the browser: by the option, then the variable, then `PATH`.
pub(crate) fn browser(option: Option<&Path>) -> Result<PathBuf, Box<dyn Error>> {
    let named = option
        .map(Path::to_path_buf)
        .or_else(|| std::env::var_os(BROWSER_VARIABLE).map(PathBuf::from));
    if let Some(path) = named {
        return if path.is_file() {
            Ok(path)
        } else {
            Err(format!("{}: the browser does not exist", path.display()).into())
        };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| BROWSERS.map(|name| folder.join(name)))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| {
            format!(
                "PDF needs Chromium or Chrome, and none is on the path: install one, set --browser or {BROWSER_VARIABLE}, or use --format html"
            )
            .into()
        })
}

/// Prints HTML to a PDF file. The file is written only if the browser succeeds.
pub(crate) fn print(html: &str, file: &Path, browser: &Path) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let page = folder.path().join("report.html");
    let printed = folder.path().join("report.pdf");
    let messages = folder.path().join("messages.txt");
    fs::write(&page, html)?;
    let mut command = Command::new(browser);
    command
        .args(options(folder.path(), &printed)?)
        .arg(&page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&messages)?);
    let status = run(&mut command).map_err(|error| format!("{}: {error}", browser.display()))?;
    let pdf = fs::read(&printed).unwrap_or_default();
    if !status.success() || !pdf.starts_with(b"%PDF-") {
        let messages = fs::read(&messages).unwrap_or_default();
        return Err(format!(
            "{} printed no PDF ({status}): {}",
            browser.display(),
            last(&String::from_utf8_lossy(&messages))
        )
        .into());
    }
    fs::write(file, pdf).map_err(|error| format!("{}: {error}", file.display()).into())
}

/// The options of the browser. The page needs no network, so it has none. The page forbids scripts
/// itself: the browser needs its own ones to print.
fn options(folder: &Path, printed: &Path) -> Result<Vec<OsString>, Box<dyn Error>> {
    let with_path = |option: &str, path: &Path| {
        let mut option = OsString::from(option);
        option.push(path);
        option
    };
    let mut options: Vec<OsString> = [
        "--headless",
        "--disable-gpu",
        "--disable-extensions",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--no-pdf-header-footer",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ]
    .map(OsString::from)
    .to_vec();
    options.push(with_path("--user-data-dir=", &folder.join("profile")));
    options.push(with_path("--print-to-pdf=", printed));
    if is_root(folder)? {
        // Chromium refuses to start as root, as in many containers, unless its sandbox is off.
        options.push("--no-sandbox".into());
    }
    Ok(options)
}

/// Returns whether the process runs as root. The owner of its temporary directory shows it.
#[cfg(unix)]
fn is_root(folder: &Path) -> Result<bool, Box<dyn Error>> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata(folder)?.uid() == 0)
}

#[cfg(not(unix))]
fn is_root(_folder: &Path) -> Result<bool, Box<dyn Error>> {
    Ok(false)
}

fn run(command: &mut Command) -> Result<ExitStatus, Box<dyn Error>> {
    let mut child = command.spawn()?;
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Err(
                format!("the browser did not finish within {} s", TIMEOUT.as_secs()).into(),
            );
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Returns the last line of the messages, cut to [`MAX_MESSAGE_CHARACTERS`].
fn last(messages: &str) -> String {
    messages
        .lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty())
        .unwrap_or("no error message")
        .chars()
        .filter(|letter| !letter.is_control())
        .take(MAX_MESSAGE_CHARACTERS)
        .collect()
}
