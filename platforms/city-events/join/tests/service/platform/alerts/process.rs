//! Faults of the process, its files and its limits.

use std::{fs, process::Command};

use seaworthy_testkit::eventually;

use super::{HOUR, Subject};

pub(super) async fn certificate_is_invalid_or_expires(subject: &Subject) {
    let certificate = subject.certificates.path().join("tls.crt");
    fs::write(certificate, "not a certificate").unwrap();
    let known = "server.grpc.tls.certificate: the TLS file ";
    subject.alerts.fires("CertificateReloadFailed", known).await;
    subject.use_certificate(24 * HOUR);
    let known = "tls_certificate_expiry_timestamp_seconds";
    subject.alerts.fires("CertificateExpiring", known).await;
    subject.alerts.fires("CertificateExpiringSoon", known).await;
    subject.use_certificate(24 * 90 * HOUR);
    let alerts = [
        "CertificateExpiring",
        "CertificateExpiringSoon",
        "CertificateReloadFailed",
    ];
    subject.alerts.resolves(&alerts).await;
}

pub(super) async fn settings_are_invalid(subject: &Subject) {
    subject.change_settings("log: [\n");
    subject
        .alerts
        .fires("ConfigReloadFailed", "config.yaml")
        .await;
    subject.change_settings("{}\n");
    subject.alerts.resolves(&["ConfigReloadFailed"]).await;
}

/// Lowers the limit on open files until it is hardly above their number.
pub(super) async fn descriptors_are_used_up(subject: &Subject) {
    let id = subject.join.id().unwrap();
    let before = limit(id, None);
    // The service may close files at the same time, so each attempt reads their number again.
    let firing = async || {
        subject
            .alerts
            .is_firing("FileDescriptorsExhausted")
            .unwrap()
    };
    eventually(async || {
        let open = fs::read_dir(format!("/proc/{id}/fd")).unwrap().count();
        limit(id, Some(format!("{}:", open * 10 / 9)));
        firing().await
    })
    .await;
    let known = "process_open_fds";
    subject
        .alerts
        .fires("FileDescriptorsExhausted", known)
        .await;
    limit(id, Some(format!("{before}:")));
    subject.alerts.resolves(&["FileDescriptorsExhausted"]).await;
}

/// Sets or returns the soft limit on the open files of a process.
fn limit(id: u32, new: Option<String>) -> String {
    let mut command = Command::new("prlimit");
    command.args(["--raw", "--noheadings", "--output", "SOFT", "--pid"]);
    command.arg(id.to_string());
    command.arg(new.map_or("--nofile".to_owned(), |new| format!("--nofile={new}")));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(super) async fn process_ends(subject: &mut Subject) {
    subject.join.kill();
    subject.alerts.fires("ServiceDown", "--previous").await;
    subject.join.start().unwrap();
    while !subject.alerts.is_firing("RestartLoop").unwrap() {
        subject.join.kill();
        subject.join.start().unwrap();
    }
    subject.alerts.fires("RestartLoop", "--previous").await;
    subject
        .alerts
        .resolves(&["ServiceDown", "RestartLoop"])
        .await;
}
