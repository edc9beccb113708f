use std::{fs, process::Command};

use super::{ROOT, repository};

#[test]
fn prints_pdf_with_chromium() {
    let Some(browser) = std::env::var_os("SEAWORTHY_TEST_CHROMIUM") else {
        return;
    };
    let folder = repository(ROOT);
    let output = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["audit", "--format", "pdf=report.pdf,html=report.html"])
        .env("SEAWORTHY_BROWSER", browser)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let pdf = fs::read(folder.path().join("report.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 10_000);
    let pages = pdf
        .windows(11)
        .filter(|part| part == b"/Type /Page")
        .count();
    assert!(pages >= 2, "{pages} pages and their list");
}

#[cfg(unix)]
#[test]
fn pdf_without_browser_is_a_clear_error() {
    let folder = repository(ROOT);
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
            .args(arguments)
            .env("PATH", folder.path())
            .env_remove("SEAWORTHY_BROWSER")
            .current_dir(folder.path())
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), message)
    };
    let pdf = "pdf=report.pdf";
    for (arguments, status, expected) in [
        (vec!["--format", pdf], 2, "PDF needs Chromium or Chrome"),
        (vec!["--format", "pdf"], 2, "use `--format pdf=FILE`"),
        (
            vec!["--format", pdf, "--browser", "gone"],
            2,
            "gone: the browser does not exist",
        ),
        (
            vec!["--format", pdf, "--browser", "/bin/true"],
            3,
            "/bin/true printed no PDF",
        ),
    ] {
        let (code, message) = run(&[vec!["audit"], arguments].concat());
        assert_eq!(code, Some(status), "{message}");
        assert!(message.contains(expected), "{message}");
    }
    assert!(!folder.path().join("report.pdf").exists());
}
