//! The command `seaworthy lint-logs` on Go and Rust (OBS-1, OBS-3).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed setup fails the test"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const GO: &str = r#"package orders

import (
	"fmt"
	"log/slog"

	"go.uber.org/zap"
)

func pay(orderNo string, order Order, err error, monkey int) {
	logger := zap.NewExample()
	logger.Info("order paid", zap.String("number", orderNo))
	slog.Info("order paid", "number", orderNo)
	sugar.Infow("order paid", "number", orderNo)
	fmt.Sprintf("order %s", orderNo)
	fmt.Errorf("order: %w", err)
	text := err.Error()
	slog.Info("keyboard shown", "count", monkey, "text", text)
	logger.Errorf("order %s failed", orderNo)
	log.Println("paid", orderNo)
	log.Printf("paid %s", orderNo)
	fmt.Println("paid")
	logger.Warn("paid", orderNo)
	slog.Info("paid %s")
	slog.Info("the order of the customer was paid and the goods leave the house soon")
	slog.Info("logged in", "password", order.Hash)
	slog.Error("rejected", "value", order.AccessToken)
}
"#;

const RUST: &str = r#"fn pay(number: u32, order: &Order) {
    tracing::info!(number, "order paid");
    info!(target: "orders", number = %order.number, "order paid, {{really}}");
    let text = format!("{number}");
    other::info!("{number}");
    error!("order {} failed", number);
    log::warn!("order {number} failed");
    println!("paid");
    dbg!(number);
    debug!(number = order.number, "the order of the customer was paid and the goods leave soon");
    info!(value = %order.session_id, "paid");
}

#[cfg(test)]
mod tests {
}
"#;

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("orders/pay.go", GO);
    write("orders/pay_test.go", GO);
    write("src/pay.rs", RUST);
    folder
}

fn lint(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .arg("lint-logs")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn report(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let output = lint(folder, &[&["-output", "json"], arguments].concat());
    let status = output.status.code().unwrap();
    (status, serde_json::from_slice(&output.stdout).unwrap())
}

/// Returns line, method and severity of the issues of a file.
fn issues(report: &Value, file: &str) -> Vec<(u64, String, String)> {
    let all = report["issues"].as_array().unwrap().iter();
    let of_file = all.filter(|issue| issue["file"] == file);
    of_file
        .map(|issue| {
            let text = |name: &str| issue[name].as_str().unwrap().to_owned();
            (
                issue["line"].as_u64().unwrap(),
                text("method"),
                text("severity"),
            )
        })
        .collect()
}

fn expected(issues: &[(u64, &str, &str)]) -> Vec<(u64, String, String)> {
    let owned = |(line, method, severity): &(u64, &str, &str)| {
        (*line, (*method).to_owned(), (*severity).to_owned())
    };
    issues.iter().map(owned).collect()
}

#[test]
fn issues_of_go_and_rust_have_places_and_severities_obs_1() {
    let folder = repository();
    let (status, report) = report(folder.path(), &[]);
    assert_eq!(status, 1);
    assert_eq!(
        issues(&report, "orders/pay.go"),
        expected(&[
            (19, "Errorf", "high"),
            (20, "Println", "low"),
            (22, "Println", "low"),
            (23, "Warn", "medium"),
            (24, "Info", "low"),
            (25, "Info", "low"),
            (26, "Info", "low"),
            (27, "Error", "high"),
        ])
    );
    assert_eq!(
        issues(&report, "src/pay.rs"),
        expected(&[
            (6, "error!", "high"),
            (7, "log::warn!", "medium"),
            (8, "println!", "low"),
            (9, "dbg!", "low"),
            (10, "debug!", "low"),
            (11, "info!", "low"),
        ])
    );
    assert_eq!(
        (&report["total_files"], &report["scanned_files"]),
        (&3.into(), &2.into())
    );
    assert_eq!(report["total_issues"], 14);
    assert_eq!(report["summary"]["high"], 3);
}

#[test]
fn every_setting_changes_the_result_obs_1() {
    let folder = repository();
    let run = |settings: &str| {
        let file = folder.path().join("lint.toml");
        fs::write(&file, settings).unwrap();
        report(folder.path(), &["-config", file.to_str().unwrap()])
    };
    let count = |settings: &str| run(settings).1["total_issues"].as_u64().unwrap();
    assert_eq!(count(""), 14);
    assert_eq!(count("skip_test_files = false"), 22);
    assert_eq!(count("ignore_files = ['pay.go']"), 6);
    assert_eq!(count("ignore_dirs = ['src']"), 8);
    assert_eq!(count("whitelist_files = ['src/pay.rs']"), 8);
    assert_eq!(count("whitelist_methods = []"), 15);
    assert_eq!(count("sensitive_keywords = []"), 11);
    assert_eq!(count("min_message_length = 100"), 12);
    let quiet = "[severity_config]\nerror_methods = []\nwarn_methods = ['error']";
    let (_, report) = run(quiet);
    assert_eq!(
        (&report["summary"]["high"], &report["summary"]["medium"]),
        (&0.into(), &3.into())
    );
    let (status, report) = run("ignore_dirs = ['src', 'orders']");
    assert_eq!((status, &report["total_issues"]), (0, &0.into()));
    fs::write(folder.path().join("lint.toml"), "unknown = 1").unwrap();
    let refused = lint(folder.path(), &["--config", "lint.toml"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn each_percent_sign_of_a_plain_message_is_reported_obs_1() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        "log.Error(\"failed: %w\")",
        "log.Error(\"ratio %.2f\")",
        "log.Error(\"disk 90% full\")",
        "log.Error(\"disk 90%% full\")",
        "log.Error(\"ratio %%%d\")",
    ];
    let text = format!("package a\n\nfunc run() {{\n{}\n}}\n", lines.join("\n"));
    fs::write(folder.path().join("a.go"), text).unwrap();
    let (_, report) = report(folder.path(), &[]);
    let found = issues(&report, "a.go");
    let reported: Vec<_> = found.iter().map(|(line, ..)| *line).collect();
    assert_eq!(reported, [4, 5, 6, 8]);
}

#[test]
fn severity_of_a_method_ignores_its_case_obs_1() {
    let folder = repository();
    let file = folder.path().join("lint.toml");
    let high = |methods: &str| {
        let settings = format!("[severity_config]\nerror_methods = [{methods}]");
        fs::write(&file, settings).unwrap();
        let (_, report) = report(folder.path(), &["-config", file.to_str().unwrap()]);
        report["summary"]["high"].as_u64().unwrap()
    };
    assert_eq!(high("'error'"), 3);
    assert_eq!(high("'Error'"), 3);
    assert_eq!(high("'Errorf'"), 1);
}

#[test]
fn console_and_html_show_each_issue_obs_1() {
    let folder = repository();
    let text =
        |arguments: &[&str]| String::from_utf8(lint(folder.path(), arguments).stdout).unwrap();
    let console = text(&[]);
    assert!(
        console.contains("orders/pay.go:19:2: high: Errorf puts values into the message"),
        "{console}"
    );
    assert!(
        console.ends_with("14 issues in 2 of 3 files\n"),
        "{console}"
    );
    assert!(text(&["-verbose"]).len() > console.len());
    let html = text(&["-output", "html"]);
    assert_eq!(html.matches("<tr><td>").count(), 14);
    assert_eq!(
        lint(folder.path(), &["-dir", "nowhere"]).status.code(),
        Some(2)
    );
}
